import CXXH

extension PromptEstimator {
  /// Keeps blocks of tokens apart from blocks of text.
  private static let tokensTag: UInt64 = 0x7365_6e65_6b6f_74

  /// The length of a block, in tokens.
  public var blockTokens: Int { charactersPerBlock / TextBlocks.bytesPerToken }

  /// Cuts a prompt of token ids into blocks of as many tokens as a block of text stands for.
  ///
  ///     block(i) = XXH3_64(ids of block i as 32-bit words, seed: block(i − 1)),
  ///     where the hash of a medium goes in before the first block that it touches
  ///
  /// Blocks of tokens and blocks of text have nothing in common, nor have those of two models,
  /// salts or adapters.
  ///
  /// - Parameter features: Media: two pictures have the same placeholders and are not the same.
  /// - Returns: One for every whole block.
  /// - Complexity: O(`tokens.count`); allocates only the blocks.
  public func blocks(
    ofTokens tokens: [UInt32], features: [PromptFeature] = [], model: String,
    cacheSalt: String? = nil, lora: String? = nil
  ) -> [EstimatedBlock] {
    var last = XXH3_64bits_withSeed(
      [Self.tokensTag], 8, root(model: model, cacheSalt: cacheSalt, lora: lora))
    let blockTokens = blockTokens
    let count = tokens.count / blockTokens
    var nextFeature = 0
    var blocks: [EstimatedBlock] = []
    blocks.reserveCapacity(count)
    tokens.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return }
      for index in 0..<count {
        let end = (index + 1) * blockTokens
        while nextFeature < features.count, features[nextFeature].offset < end {
          last = Self.hash(features[nextFeature], last)
          nextFeature += 1
        }
        last = XXH3_64bits_withSeed(base + index * charactersPerBlock, charactersPerBlock, last)
        blocks.append(EstimatedBlock(bits: last))
      }
    }
    return blocks
  }

  private static func hash(_ feature: PromptFeature, _ parent: UInt64) -> UInt64 {
    var identifier = feature.hash
    let hash = identifier.withUTF8 { XXH3_64bits_withSeed($0.baseAddress, $0.count, parent) }
    return XXH3_64bits_withSeed([hash, UInt64(max(feature.offset, 0))], 16, parent)
  }
}
