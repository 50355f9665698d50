package import EPPScorer
import KVIndexer

/// Engines, routers and the requests of a trace, in simulated time.
///
///     trace ─▶ arrive ─▶ Router.route ─▶ BlockEngine ─▶ prefilled ─▶ released
///                  │         ▲               │ messages, `eventDelay` later
///                  └ bypass  └── received ◀──┘
///
/// Nothing here depends on anything but the trace, the scenario, the policy and the seed.
package struct FleetSimulation {
  private enum Event {
    case prefilled(engine: Int, incarnation: UInt32)
    case released(engine: Int, incarnation: UInt32, request: Int)
    case received(engine: Int, incarnation: UInt32, sequence: Int)
    case reconnected(engine: Int, incarnation: UInt32)
    case engineRestarts
    case routersRestart
  }

  /// Who sent a request where; nil for one that went past the routers.
  private struct Booking {
    var router: Int
    /// Of the router: one that was started anew knows nothing of it.
    var life: Int
    var decision: Router.Decision
  }

  private let trace: Trace
  private let scenario: Scenario
  private let policy: RoutingPolicy
  private let plan: SchedulingPlan
  private let seed: UInt64

  private var engines: [BlockEngine]
  private var incarnations: [UInt32]
  /// By engine: what its present incarnation has published.
  private var messages: [[EngineMessage]]
  /// By engine: hits of the prompt that is being computed.
  private var hits: [Int]
  private var routers: [Router] = []
  private var life = 0
  private var queue = EventQueue<Event>()
  private var bookings: [Booking?]
  /// By engine and block: how many requests ahead in the line have it; only for who may know.
  private var ahead: [[UInt16]] = []
  private var arrived = 0
  private var restarts: SplitMix64
  private var result = RunResult()

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - trace: Every prompt fits in every engine.
  ///   - seed: Chooses among equals, routers for requests, and what is lost.
  package init(
    _ trace: Trace, _ scenario: Scenario, _ policy: RoutingPolicy, plan: SchedulingPlan,
    seed: UInt64
  ) {
    self.trace = trace
    self.policy = policy
    self.plan = plan
    self.seed = seed
    var scenario = scenario
    if policy == .infinite {
      scenario.capacities = scenario.capacities.map { _ in
        trace.distinctBlocks + trace.longestPrompt
      }
    }
    if policy.isOmniscient { scenario.routers = 1 }
    self.scenario = scenario
    engines = scenario.capacities.map { BlockEngine(usableBlocks: $0) }
    incarnations = Array(repeating: 0, count: engines.count)
    messages = Array(repeating: [], count: engines.count)
    hits = Array(repeating: 0, count: engines.count)
    bookings = Array(repeating: nil, count: trace.requests.count)
    restarts = SplitMix64(seed: SplitMix64.mix(seed ^ 0x7265_7374_6172_74))
    if policy.isOmniscient {
      ahead = Array(
        repeating: Array(repeating: 0, count: trace.distinctBlocks), count: engines.count)
    }
    result.computedTokens = Array(repeating: 0, count: engines.count)
    startRouters(isComplete: true)
  }

  private mutating func startRouters(isComplete: Bool) {
    let states = engines.indices.map {
      (incarnation: incarnations[$0], messages: messages[$0].count)
    }
    routers = (0..<scenario.routers).map { index in
      Router(
        policy, plan, scenario,
        seed: SplitMix64.mix(seed &+ UInt64(life * scenario.routers + index)), ids: trace.ids,
        engines: states, isComplete: isComplete)
    }
  }

  // MARK: Time

  /// Runs to the end of the last request.
  package mutating func run() -> RunResult {
    let end = trace.requests.last?.time ?? 0
    schedule(.engineRestarts, every: scenario.engineRestartSeconds, after: 0, until: end)
    schedule(.routersRestart, every: scenario.routerRestartSeconds, after: 0, until: end)
    while true {
      let next = arrived < trace.requests.count ? trace.requests[arrived].time : nil
      if let next, next <= queue.nextTime ?? .max {
        arrived += 1
        arrive(arrived - 1, now: next)
      } else if let (time, event) = queue.next() {
        happen(event, now: time, end: end)
      } else {
        break
      }
    }
    result.lookups += routers.reduce(0) { $0 + $1.lookups }
    result.firstTokenSeconds.sort()
    return result
  }

  private mutating func schedule(
    _ event: Event, every seconds: Double?, after now: UInt64, until end: UInt64
  ) {
    guard let seconds, seconds > 0 else { return }
    let time = now + UInt64(seconds * 1e9)
    if time < end { queue.add(event, at: time) }
  }

  private mutating func happen(_ event: Event, now: UInt64, end: UInt64) {
    switch event {
    case .prefilled(let engine, let incarnation):
      if incarnation == incarnations[engine] { prefilled(engine, now: now) }
    case .released(let engine, let incarnation, let request):
      release(request, engine, incarnation, now: now)
    case .received(let engine, let incarnation, let sequence):
      receive(sequence, engine, incarnation, now: now)
    case .reconnected(let engine, let incarnation):
      for router in routers { router.beginIncarnation(incarnation, of: engine) }
    case .engineRestarts:
      restartEngine(restarts.below(engines.count), now: now)
      schedule(event, every: scenario.engineRestartSeconds, after: now, until: end)
    case .routersRestart:
      restartRouters(now: now)
      schedule(event, every: scenario.routerRestartSeconds, after: now, until: end)
    }
  }

  // MARK: Requests

  private func ids(of request: Int) -> ArraySlice<TokenID> {
    trace.ids[trace.requests[request].blocks]
  }

  /// A number that belongs to a request, whatever the policy: policies meet the same luck.
  private func draw(_ request: Int, _ purpose: UInt64) -> UInt64 {
    SplitMix64.mix(SplitMix64.mix(seed ^ purpose) &+ UInt64(request))
  }

  private mutating func arrive(_ request: Int, now: UInt64) {
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

  private var reports: [Router.EngineReport] {
    engines.map {
      Router.EngineReport(
        waiting: $0.waiting.count, running: $0.runningCount, cacheUsage: $0.cacheUsage)
    }
  }

  private mutating func enqueue(_ request: Int, on engine: Int, now: UInt64) {
    engines[engine].enqueue(request)
    count(request, ahead: engine, by: 1)
    begin(engine, now: now)
  }

  private mutating func count(_ request: Int, ahead engine: Int, by change: Int) {
    guard policy.isOmniscient else { return }
    for id in ids(of: request) {
      ahead[engine][Int(id)] = UInt16(Int(ahead[engine][Int(id)]) + change)
    }
  }

  private mutating func begin(_ engine: Int, now: UInt64) {
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

  private func uncachedTokens(of request: Int, hits: Int) -> Int {
    max(trace.requests[request].promptTokens - hits * trace.blockTokens, 0)
  }

  private mutating func prefilled(_ engine: Int, now: UInt64) {
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
  private func booking(of request: Int) -> Booking? {
    bookings[request].flatMap { $0.life == life ? $0 : nil }
  }

  private mutating func note(_ request: Int, hits: Int, now: UInt64) {
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

  private mutating func release(
    _ request: Int, _ engine: Int, _ incarnation: UInt32, now: UInt64
  ) {
    if let booking = booking(of: request) { routers[booking.router].ended(booking.decision) }
    guard incarnation == incarnations[engine] else { return }
    engines[engine].release(request)
    begin(engine, now: now)
  }

  // MARK: Events

  private mutating func publish(_ message: EngineMessage, _ engine: Int, now: UInt64) {
    guard policy.followsEvents else { return }
    messages[engine].append(message)
    queue.add(
      .received(
        engine: engine, incarnation: incarnations[engine], sequence: messages[engine].count - 1),
      at: now + scenario.eventDelayNanoseconds)
  }

  private func receive(_ sequence: Int, _ engine: Int, _ incarnation: UInt32, now: UInt64) {
    guard incarnation == incarnations[engine] else { return }
    for (index, router) in routers.enumerated() {
      if isLost(sequence, engine, router: index) { continue }
      router.receive(
        sequence, of: messages[engine], incarnation: incarnation, engine: engine,
        replays: scenario.replaysLosses, now: now)
    }
  }

  private func isLost(_ sequence: Int, _ engine: Int, router: Int) -> Bool {
    guard scenario.eventLoss > 0 else { return false }
    let place = UInt64(sequence) << 20 | UInt64(engine) << 8 | UInt64(router)
    let luck = SplitMix64.mix(SplitMix64.mix(seed ^ 4) &+ place)
    return Double(luck >> 11) * 0x1p-53 < scenario.eventLoss
  }

  // MARK: Restarts

  /// Ends an engine's process; its clients ask again for what had no first token yet.
  private mutating func restartEngine(_ engine: Int, now: UInt64) {
    let lost = engines[engine].restart()
    incarnations[engine] += 1
    messages[engine] = []
    if policy.followsEvents {
      queue.add(
        .reconnected(engine: engine, incarnation: incarnations[engine]),
        at: now + scenario.eventDelayNanoseconds)
    }
    for request in lost {
      count(request, ahead: engine, by: -1)
      if let booking = booking(of: request) {
        routers[booking.router].lost(request, booking.decision)
      }
      bookings[request] = nil
    }
    for request in lost { arrive(request, now: now) }
  }

  private mutating func restartRouters(now: UInt64) {
    guard !policy.isOmniscient else { return }
    result.lookups += routers.reduce(0) { $0 + $1.lookups }
    life += 1
    startRouters(isComplete: scenario.recoversEvents)
    guard scenario.recoversEvents, policy.followsEvents else { return }
    for engine in engines.indices where !messages[engine].isEmpty {
      for router in routers {
        router.receive(
          messages[engine].count - 1, of: messages[engine], incarnation: incarnations[engine],
          engine: engine, replays: true, now: now)
      }
    }
  }
}
