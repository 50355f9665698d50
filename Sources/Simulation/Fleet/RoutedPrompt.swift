import KVIndexer
import Tokenize

/// A request's prompt as routers see it.
struct RoutedPrompt {
  let request: Int
  let promptTokens: Int
  let blockTokens: Int
  let ids: ArraySlice<TokenID>

  /// Tokens of so many leading blocks; the last block of a prompt may not be full.
  func tokens(ofBlocks blocks: Int) -> Int { min(blocks * blockTokens, promptTokens) }

  /// What approximations call the blocks.
  var estimated: [EstimatedBlock] { ids.map { EstimatedBlock(bits: BlockName.hash($0)) } }
}
