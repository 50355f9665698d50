/// What sets a prompt apart from another with the same tokens: its salt, and its media.
public struct PromptExtras: Equatable, Sendable {
  /// An image, a video or a sound, in place of whose tokens stand placeholders.
  public struct Medium: Equatable, Sendable {
    /// The engine's identifier of the content.
    public var hash: String
    /// Its placeholders, in tokens from the start of the prompt.
    public var tokens: Range<Int>

    /// A medium.
    public init(hash: String, tokens: Range<Int>) {
      self.hash = hash
      self.tokens = tokens
    }
  }

  /// Nil and the empty salt are no salt.
  public var cacheSalt: String?
  /// In the order of their offsets.
  public var media: [Medium]

  /// The extras of a prompt.
  public init(cacheSalt: String? = nil, media: [Medium] = []) {
    self.cacheSalt = cacheSalt
    self.media = media
  }

  /// The digests of the extra keys that vLLM gives the blocks of the prompt, 0 for a block without.
  ///
  /// A medium belongs to every block that one of its placeholders is in, with its offset from the
  /// block's start; the salt belongs to the first block, after the media.
  ///
  /// - Returns: Shape `[blocks up to the last one that has extra keys]`.
  public func digests(blockSize: Int, seed: UInt64) -> [UInt64] {
    let salt = cacheSalt.flatMap { $0.isEmpty ? nil : $0 }
    let end = max(salt == nil ? 0 : 1, media.map(\.tokens.upperBound).max() ?? 0)
    guard end > 0, blockSize > 0 else { return [] }
    return (0...(end - 1) / blockSize).map { block in
      let tokens = block * blockSize..<(block + 1) * blockSize
      var hasher = ExtraKeyHasher(seed: seed)
      for medium in media where medium.tokens.overlaps(tokens) {
        hasher.add(
          multimodal: medium.hash, offset: medium.tokens.lowerBound - tokens.lowerBound)
      }
      if block == 0, let salt { hasher.add(salt) }
      return hasher.digest()
    }
  }
}
