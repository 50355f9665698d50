import Tokenize

/// A prompt cut into blocks, as one approximate producer sees it.
struct ApproximatePrompt: Sendable {
  /// Of each of the request's prompts.
  var blocks: [[EstimatedBlock]] = []
  /// Of all prompts: exact where tokens were given, else an estimate.
  var promptTokens = 0
  /// Tokens of a block.
  var blockTokens = 1
  /// Leading blocks that each candidate was believed to hold; empty before it was asked.
  var believed: [Int] = []
  /// Whether the engine will look for cached blocks.
  var readsCache = true

  var blockCount: Int { blocks.reduce(0) { $0 + $1.count } }
}
