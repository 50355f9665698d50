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
  enum Event {
    case prefilled(engine: Int, incarnation: UInt32)
    case released(engine: Int, incarnation: UInt32, request: Int)
    case received(engine: Int, incarnation: UInt32, sequence: Int)
    case reconnected(engine: Int, incarnation: UInt32)
    case engineRestarts
    case routersRestart
  }

  /// Who sent a request where; nil for one that went past the routers.
  struct Booking {
    var router: Int
    /// Of the router: one that was started anew knows nothing of it.
    var life: Int
    var decision: Router.Decision
  }

  let trace: Trace
  let scenario: Scenario
  let policy: RoutingPolicy
  let plan: SchedulingPlan
  let seed: UInt64

  var engines: [BlockEngine]
  var incarnations: [UInt32]
  /// By engine: what its present incarnation has published.
  var messages: [[EngineMessage]]
  /// By engine: hits of the prompt that is being computed.
  var hits: [Int]
  var routers: [Router] = []
  var life = 0
  var queue = EventQueue<Event>()
  var bookings: [Booking?]
  /// By engine and block: how many requests ahead in the line have it; only for who may know.
  var ahead: [[UInt16]] = []
  private var arrived = 0
  private var restarts: SplitMix64
  var result = RunResult()

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

  mutating func startRouters(isComplete: Bool) {
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
    result.firstTokenSeconds.sort()
    return result
  }

  mutating func schedule(
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
}
