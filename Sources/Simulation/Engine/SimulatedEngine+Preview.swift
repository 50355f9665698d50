extension SimulatedEngine {
  /// Prompt tokens that the prefix cache would give to a request that is scheduled now.
  ///
  /// - Complexity: O(tokens), for hashing.
  package func cachedTokens(of request: EngineRequest) -> Int {
    var hashes: [UInt64] = []
    hasher.extend(
      &hashes, over: request.tokens, blockSize: configuration.blockSize,
      extraKeys: ExtraKeys(adapter: request.adapter, salt: request.cacheSalt))
    var found: [BlockID] = []
    let blocksMax = (request.tokens.count - 1) / configuration.blockSize
    pool.longestHit(hashes, blocksMax: request.readsCache ? blocksMax : 0, into: &found)
    return found.count * configuration.blockSize
  }
}
