import KVIndexer
import Tokenize

/// Names the contents of prompts for traces: hashes that tell which prompts begin alike, and nothing
/// of what they say.
///
/// One hash stands for a prompt up to the end of a block of 512 tokens, or up to the prompt's own
/// end. They are keyed, so that nobody can guess at prompts, and agree only within one process, or
/// between processes that share a hash key.
enum TraceBlocks {
  /// Tokens of a block, as published traces have them.
  static let blockTokens = 512

  static func count(of promptTokens: Int) -> Int {
    (promptTokens + blockTokens - 1) / blockTokens
  }

  /// The hashes of prompts whose tokens are known; several prompts of a request count as one.
  static func hashes(
    of prompts: [RenderedPrompt], model: String, lora: String?, hasher: BlockHasher
  ) -> [UInt64] {
    guard let first = prompts.first else { return [] }
    let tokens = prompts.count == 1 ? first.tokens : prompts.flatMap(\.tokens)
    let media = prompts.count == 1 ? first.features : []
    let extras = PromptExtras(
      cacheSalt: first.cacheSalt,
      media: media.map { .init(hash: $0.hash, tokens: $0.offset..<$0.offset + $0.length) })
    let digests = extras.digests(blockSize: blockTokens, seed: hasher.seed)
    var last = hasher.root(model: model, lora: lora, blockSize: blockTokens).bits
    return tokens.withUnsafeBufferPointer { tokens in
      guard let base = tokens.baseAddress else { return [] }
      return (0..<count(of: tokens.count)).map { block in
        let start = block * blockTokens
        last = BlockHasher.chain(
          last,
          hasher.local(
            base + start, count: min(blockTokens, tokens.count - start),
            extra: block < digests.count ? digests[block] : 0))
        return last
      }
    }
  }

  /// The hashes of a prompt of which only its text is known, in blocks of another length.
  ///
  /// Prompts that begin alike get the same hashes as far as whole blocks of both kinds reach; of a
  /// last block that is not full, when what is known of them and their length are the same.
  ///
  /// - Parameters:
  ///   - promptTokens: How long the prompt counts; the text is stretched to that.
  ///   - unique: Stands for text that was not cut into blocks.
  static func hashes(
    of prompt: ApproximatePrompt, promptTokens: Int, unique: UInt64, hasher: BlockHasher
  ) -> [UInt64] {
    let count = count(of: promptTokens)
    let cut = prompt.blocks.count == 1 ? prompt.blocks[0] : prompt.blocks.flatMap(\.self)
    let stretch =
      prompt.promptTokens > 0 ? Double(promptTokens) / Double(prompt.promptTokens) : 1
    let tokensPerBlock = Double(prompt.blockTokens) * stretch
    let isWhole = cut.count == prompt.promptTokens / prompt.blockTokens
    return (0..<count).map { block in
      let end = (block + 1) * blockTokens
      let needed = Int((Double(end) / tokensPerBlock).rounded(.up))
      let known: UInt64? =
        if end <= promptTokens {
          needed <= cut.count && needed > 0 ? cut[needed - 1].bits : nil
        } else {
          isWhole ? cut.last?.bits : nil
        }
      return mix([known ?? unique, UInt64(block), UInt64(min(end, promptTokens))], hasher)
    }
  }

  private static func mix(_ words: [UInt64], _ hasher: BlockHasher) -> UInt64 {
    words.withUnsafeBytes { bytes in
      bytes.withMemoryRebound(to: TokenID.self) { tokens in
        tokens.baseAddress.map { hasher.local($0, count: tokens.count, extra: 0) } ?? 0
      }
    }
  }
}
