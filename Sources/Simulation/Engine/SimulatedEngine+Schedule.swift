extension SimulatedEngine {
  /// Gives running requests, oldest first, the blocks for their next tokens.
  ///
  /// When blocks run out, the youngest running request loses its own and waits again.
  ///
  /// - Returns: Whether a request was preempted; then nobody is admitted in this step.
  mutating func scheduleRunning(budget: inout Int) -> Bool {
    var preempted = false
    var index = 0
    while index < running.count && budget > 0 {
      let tokens = min(running[index].tokens.count - running[index].computed, budget)
      let needed = blocksNeeded(for: running[index], computing: tokens)
      while needed > pool.freeCount && index < running.count {
        preempt(running.removeLast())
        preempted = true
      }
      if index == running.count { break }
      assign(tokens, blocks: needed, toRunning: index)
      budget -= tokens
      index += 1
    }
    return preempted
  }

  /// Moves waiting requests into the step while there are tokens, seats and blocks for them.
  ///
  /// A prompt is admitted only if all of it fits, even when it is computed in chunks.
  mutating func admitWaiting(budget: inout Int, now: Duration) {
    while budget > 0 && running.count < configuration.runningRequestsMax {
      guard let candidate = waiting.first else { return }
      let hitsMax = (candidate.tokens.count - 1) / configuration.blockSize
      pool.longestHit(
        candidate.hashes, blocksMax: candidate.readsCache ? hitsMax : 0, into: &hits)
      let full = blockCount(covering: candidate.tokens.count)
      if full - hits.count + pool.freeBlocks(among: hits) > pool.freeCount { return }

      startOnHits(waiting.removeFirst(), now: now)
      let index = running.count - 1
      let tokens = min(running[index].tokens.count - running[index].computed, budget)
      let needed = blocksNeeded(for: running[index], computing: tokens)
      assign(tokens, blocks: needed, toRunning: index)
      budget -= tokens
    }
  }

  /// Makes a request run, on the blocks in `hits`.
  private mutating func startOnHits(_ candidate: ScheduledRequest, now: Duration) {
    var request = candidate
    pool.touch(hits)
    request.blocks.append(contentsOf: hits)
    request.cachedBlocks = hits.count
    request.computed = hits.count * configuration.blockSize
    if request.admission == nil {
      request.admission = (cachedTokens: request.computed, time: now)
      if request.readsCache {
        prefixCacheQueries += request.tokens.count
        prefixCacheHits += request.computed
      }
    }
    running.append(request)
  }

  /// Hands a running request its blocks for the next `tokens`, and caches those that they fill.
  private mutating func assign(_ tokens: Int, blocks needed: Int, toRunning index: Int) {
    pool.allocate(needed, into: &running[index].blocks)
    running[index].scheduled = tokens
    let full = (running[index].computed + tokens) / configuration.blockSize
    if full > running[index].cachedBlocks {
      running[index].cacheBlocks(upTo: full, blockSize: configuration.blockSize, in: &pool)
    }
  }

  private mutating func preempt(_ victim: ScheduledRequest) {
    var request = victim
    pool.release(request.blocks)
    request.blocks = []
    request.cachedBlocks = 0
    request.computed = 0
    request.preemptions += 1
    preemptions += 1
    waiting.prepend(request)
  }

  private func blocksNeeded(for request: ScheduledRequest, computing tokens: Int) -> Int {
    blockCount(covering: request.computed + tokens) - request.blocks.count
  }

  private func blockCount(covering tokens: Int) -> Int {
    (tokens + configuration.blockSize - 1) / configuration.blockSize
  }
}
