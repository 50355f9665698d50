import KVIndexer

/// A request inside an engine, waiting or running.
///
///     tokens   | prompt                        | output so far |
///     computed |–––––––––––––––––––––––––––|                      tokens whose KV exists
///     blocks   [ 0 ][ 1 ][ 2 ][ 3 ][ 4 ][ 5 ]                     cover `computed`
///     cached   [ 0 ][ 1 ][ 2 ][ 3 ][ 4 ]                          full ones, reusable by others
///
/// The last sampled token never has KV: it is the input of the next step.
struct ScheduledRequest {
  let id: EngineRequestID
  let promptCount: Int
  let extraKeys: ExtraKeys
  let readsCache: Bool
  let submittedAt: Duration
  /// Output tokens after which the request is done.
  let outputMax: Int
  /// The output when it is not sampled; empty otherwise.
  let script: [TokenID]

  var tokens: [TokenID]
  /// One a full block of `tokens`.
  var hashes: [UInt64] = []
  var blocks: [BlockID] = []
  /// Leading blocks that are in the prefix cache.
  var cachedBlocks = 0
  /// Leading tokens whose KV exists.
  var computed = 0
  /// Tokens being computed in this step.
  var scheduled = 0
  var preemptions = 0
  /// Prompt tokens found in the cache, and when; nil until the first admission to a step.
  var admission: (cachedTokens: Int, time: Duration)?

  var outputCount: Int { tokens.count - promptCount }
  var isDone: Bool { outputCount >= outputMax }

  /// Names the blocks that `tokens` have come to fill.
  mutating func extendHashes(with hasher: BlockHasher, blockSize: Int) {
    hasher.extend(&hashes, over: tokens, blockSize: blockSize, extraKeys: extraKeys)
  }

  /// Puts the blocks up to `full` in the prefix cache, and announces them as one run.
  mutating func cacheBlocks(upTo full: Int, blockSize: Int, in pool: inout BlockPool) {
    let range = cachedBlocks..<full
    for index in range { pool.cache(blocks[index], as: hashes[index]) }
    pool.record(
      .stored(
        StoredRun(
          hashes: Array(hashes[range]),
          parent: range.lowerBound == 0 ? nil : hashes[range.lowerBound - 1],
          tokens: Array(tokens[range.lowerBound * blockSize..<full * blockSize]),
          blockSize: blockSize, adapter: extraKeys.adapter,
          extraKeys: extraKeys.named(blocks: range))))
    cachedBlocks = full
  }
}
