extension SimulatedEngine {
  /// Traps unless blocks, references, cache and requests agree between two steps; O(blocks).
  package func checkInvariants() {
    pool.checkInvariants()
    var references = [UInt32](repeating: 0, count: configuration.blockCount)
    for request in running {
      check(request)
      for block in request.blocks { references[Int(block)] += 1 }
    }
    for block in references.indices {
      precondition(
        references[block] == pool.blocks[block].references,
        "block \(block) has \(pool.blocks[block].references) references for \(references[block])")
    }
    precondition(running.count <= configuration.runningRequestsMax, "too many running requests")
    precondition(!isIdle || pool.freeCount == pool.usableCount, "an idle engine holds blocks")
  }

  private func check(_ request: ScheduledRequest) {
    let size = configuration.blockSize
    let id = request.id.number
    precondition(request.scheduled == 0, "request \(id) is inside a step")
    precondition(request.computed < request.tokens.count, "request \(id) has nothing to compute")
    precondition(request.tokens.count < configuration.modelTokensMax, "request \(id) is too long")
    precondition(
      request.blocks.count == (request.computed + size - 1) / size,
      "request \(id) holds \(request.blocks.count) blocks for \(request.computed) tokens")
    precondition(
      request.cachedBlocks == request.computed / size
        && request.hashes.count >= request.cachedBlocks,
      "request \(id) has cached \(request.cachedBlocks) blocks")
    for index in 0..<request.cachedBlocks {
      let block = pool.blocks[Int(request.blocks[index])]
      precondition(
        block.isCached && block.hash == request.hashes[index],
        "block \(index) of request \(id) does not cache its tokens")
    }
    precondition(
      (request.admission?.cachedTokens ?? 0) <= request.promptCount - 1,
      "request \(id) found its whole prompt cached")
  }
}
