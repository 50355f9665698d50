import KVIndexer

/// The way of a request: its router, its engine's line, its first token, its end.
extension FleetSimulation {
  func ids(of request: Int) -> ArraySlice<TokenID> {
    trace.ids[trace.requests[request].blocks]
  }

  /// A number that belongs to a request, whatever the policy: policies meet the same luck.
  func draw(_ request: Int, _ purpose: UInt64) -> UInt64 {
    SplitMix64.mix(SplitMix64.mix(seed ^ purpose) &+ UInt64(request))
  }

  mutating func arrive(_ request: Int, now: UInt64) {
    let bypass = Double(draw(request, 1) >> 11) * 0x1p-53
    if bypass < scenario.bypassShare {
      let engine = draw(request, 2).multipliedFullWidth(by: UInt64(engines.count)).high
      return enqueue(request, on: Int(engine), now: now)
    }
    let index = Int(draw(request, 3).multipliedFullWidth(by: UInt64(routers.count)).high)
    let router = routers[index]
    if router.wantsReports(now: now, atMostOld: scenario.metricsNanoseconds) {
      router.read(reports, now: now)
    }
    let prompt = RoutedPrompt(
      request: request, promptTokens: trace.requests[request].promptTokens,
      blockTokens: trace.blockTokens, ids: ids(of: request))
    let decision = router.route(prompt, now: now) { engine in
      engines[engine].reusable(prompt.ids) { ahead[engine][Int($0)] > 0 }
    }
    bookings[request] = Booking(router: index, life: life, decision: decision)
    enqueue(request, on: decision.engine, now: now)
  }

  var reports: [Router.EngineReport] {
    engines.map {
      Router.EngineReport(
        waiting: $0.waiting.count, running: $0.runningCount, cacheUsage: $0.cacheUsage)
    }
  }

  mutating func enqueue(_ request: Int, on engine: Int, now: UInt64) {
    engines[engine].enqueue(request)
    count(request, ahead: engine, by: 1)
    begin(engine, now: now)
  }

  mutating func count(_ request: Int, ahead engine: Int, by change: Int) {
    guard policy.isOmniscient else { return }
    for id in ids(of: request) {
      ahead[engine][Int(id)] = UInt16(Int(ahead[engine][Int(id)]) + change)
    }
  }

  mutating func begin(_ engine: Int, now: UInt64) {
    guard let request = engines[engine].next,
      let start = engines[engine].begin(ids(of: request))
    else { return }
    if !start.evicted.isEmpty {
      publish(EngineMessage(removed: start.evicted, stored: 0..<0), engine, now: now)
    }
    hits[engine] = start.hits
    let uncached = uncachedTokens(of: request, hits: start.hits)
    result.computedTokens[engine] += uncached
    queue.add(
      .prefilled(engine: engine, incarnation: incarnations[engine]),
      at: now + scenario.times.prefill(uncachedTokens: uncached))
  }

  func uncachedTokens(of request: Int, hits: Int) -> Int {
    max(trace.requests[request].promptTokens - hits * trace.blockTokens, 0)
  }

  mutating func prefilled(_ engine: Int, now: UInt64) {
    guard let request = engines[engine].computing else { return }
    let blocks = trace.requests[request].blocks
    engines[engine].finishPrefill(trace.ids[blocks])
    count(request, ahead: engine, by: -1)
    let stored = blocks.lowerBound + hits[engine]..<blocks.upperBound
    if !stored.isEmpty {
      let parent = hits[engine] > 0 ? trace.ids[stored.lowerBound - 1] : nil
      publish(EngineMessage(removed: [], stored: stored, parent: parent), engine, now: now)
    }
    note(request, hits: hits[engine], now: now)
    if let booking = booking(of: request) {
      routers[booking.router].firstToken(of: request, booking.decision)
    }
    queue.add(
      .released(engine: engine, incarnation: incarnations[engine], request: request),
      at: now + scenario.times.decode(outputTokens: trace.requests[request].outputTokens))
    begin(engine, now: now)
  }

  /// A request's booking, unless its router was started anew since.
  func booking(of request: Int) -> Booking? {
    bookings[request].flatMap { $0.life == life ? $0 : nil }
  }

  mutating func note(_ request: Int, hits: Int, now: UInt64) {
    let asked = trace.requests[request]
    result.requests += 1
    result.blocks += asked.blocks.count
    result.deliveredBlocks += hits
    result.promptTokens += asked.promptTokens
    result.deliveredTokens += asked.promptTokens - uncachedTokens(of: request, hits: hits)
    result.firstTokenSeconds.append(Float(Double(now - asked.time) / 1e9))
    guard let predicted = bookings[request]?.decision.predictedBlocks else { return }
    result.predictedOf += asked.blocks.count
    result.predictedBlocks += predicted
    result.overBlocks += max(predicted - hits, 0)
    result.underBlocks += max(hits - predicted, 0)
  }

  mutating func release(
    _ request: Int, _ engine: Int, _ incarnation: UInt32, now: UInt64
  ) {
    if let booking = booking(of: request) { routers[booking.router].ended(booking.decision) }
    guard incarnation == incarnations[engine] else { return }
    engines[engine].release(request)
    begin(engine, now: now)
  }
}
