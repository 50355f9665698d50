import EPPScorer
import KVIndexer
import Tokenize

/// One router of a simulation: what it knows, and production's scheduler on top.
///
/// A class because an array of routers can't hold what can't be copied.
final class Router {
  /// Where a request went, and what was expected of it.
  struct Decision {
    var engine: Int
    /// Leading blocks that the engine was expected to reuse; nil where nothing is predicted.
    var predictedBlocks: Int?
    /// Tokens that count as in flight until the first one comes back.
    var claimedTokens: Int
  }

  /// What an engine says of itself.
  struct EngineReport {
    var waiting: Int
    var running: Int
    var cacheUsage: Double
  }

  private let policy: RoutingPolicy
  private let scheduler: Scheduler
  private let endpoints: [Endpoint]
  private let ids: [TokenID]
  private var memory: SchedulerMemory
  private var inFlight: [InFlightLoad]
  private var loads: [EndpointLoad]
  private var readAt: UInt64?
  private var sent: SentKnowledge
  private var events: EventKnowledge
  private var batch = EventBatch()
  private var turn = 0

  /// A router that was just started.
  ///
  /// - Parameters:
  ///   - engines: The incarnation of each, and how many messages it has published so far.
  ///   - isComplete: Whether the router will get all messages from the first one on.
  init(
    _ policy: RoutingPolicy, _ plan: SchedulingPlan, _ scenario: Scenario, seed: UInt64,
    ids: [TokenID], engines: [(incarnation: UInt32, messages: Int)], isComplete: Bool
  ) {
    self.policy = policy
    self.ids = ids
    scheduler = Scheduler(plan)
    memory = SchedulerMemory(seed: seed)
    let count = scenario.capacities.count
    endpoints = (0..<count).map { engine in
      Endpoint(
        id: EndpointID(namespace: "default", name: "engine-\(engine)"), host: "127.0.0.1",
        port: UInt16(truncatingIfNeeded: engine + 1))
    }
    inFlight = Array(repeating: InFlightLoad(), count: count)
    loads = Array(repeating: EndpointLoad(), count: count)
    sent = SentKnowledge(capacities: policy.remembers ? scenario.believedCapacities : [])
    events = EventKnowledge(
      engines: policy.followsEvents ? engines : [], isComplete: isComplete)
    turn = Int(SplitMix64.mix(seed) % UInt64(count))
  }

  // MARK: Knowledge

  /// Takes an engine's message in; see `EventKnowledge`.
  func receive(
    _ sequence: Int, of messages: [EngineMessage], incarnation: UInt32, engine: Int,
    replays: Bool, now: UInt64
  ) {
    events.receive(
      sequence, of: messages, incarnation: incarnation, engine: engine, replays: replays,
      ids: ids, batch: &batch, now: now)
  }

  /// A new process is behind an engine's stream.
  func beginIncarnation(_ incarnation: UInt32, of engine: Int) {
    if policy.followsEvents { events.beginIncarnation(incarnation, of: engine) }
  }

  /// Whether the engines' metrics are too old.
  func wantsReports(now: UInt64, atMostOld age: UInt64) -> Bool {
    readAt.map { now - $0 >= age } ?? true
  }

  /// Takes over what engines say of themselves.
  func read(_ reports: [EngineReport], now: UInt64) {
    readAt = now
    for (engine, report) in reports.enumerated() {
      loads[engine].waitingRequests = report.waiting
      loads[engine].runningRequests = report.running
      loads[engine].cacheUsage = report.cacheUsage
    }
  }

  // MARK: Requests

  /// Chooses an engine for a request, and books what follows from it.
  ///
  /// - Parameter trueBlocks: What an engine will reuse, for those who may know.
  func route(_ prompt: RoutedPrompt, now: UInt64, trueBlocks: (Int) -> Int) -> Decision {
    if policy == .roundRobin {
      defer { turn += 1 }
      return Decision(engine: turn % endpoints.count, predictedBlocks: nil, claimedTokens: 0)
    }
    var pool = CandidatePool(
      endpoints.indices.map {
        Candidate(endpoint: endpoints[$0], load: loads[$0], inFlight: inFlight[$0])
      }, producers: scheduler.plan.producers)
    let estimated = policy.remembers ? prompt.estimated : []
    let predicted = predictions(prompt, estimated, &pool, now: now, trueBlocks)
    let request = SchedulingRequest(promptTokens: prompt.promptTokens)
    let engine = choose(request, pool, now: now)
    let claimed = prompt.promptTokens - pool[producer: 0, engine].predictedTokens
    inFlight[engine].requests += 1
    inFlight[engine].tokens += claimed
    if policy.remembers { sent.learn(estimated, on: engine) }
    if policy.followsEvents { events.reserve(prompt, for: engine, now: now) }
    return Decision(
      engine: engine, predictedBlocks: policy.predicts ? predicted[engine] : nil,
      claimedTokens: claimed)
  }

  private func choose(
    _ request: SchedulingRequest, _ pool: CandidatePool, now: UInt64
  ) -> Int {
    do throws(SchedulingFailure) {
      let result = try scheduler.schedule(request, pool, now: now, memory: &memory)
      scheduler.remember(request, result, pool, now: now, memory: &memory)
      return result.primary.targets[0]
    } catch {
      // A configuration's filters may leave nobody; the gateway's fallback is any endpoint.
      return memory.random.below(endpoints.count)
    }
  }

  /// Fills in what is known of each candidate; returns the blocks that each is expected to reuse.
  private func predictions(
    _ prompt: RoutedPrompt, _ estimated: [EstimatedBlock], _ pool: inout CandidatePool,
    now: UInt64, _ trueBlocks: (Int) -> Int
  ) -> [Int] {
    guard policy.predicts else { return [] }
    if policy.followsEvents { events.look(up: prompt, now: now) }
    if policy.remembers { sent.look(up: estimated) }
    return endpoints.indices.map { engine in
      var matched = 0
      var reserved = 0
      var basis = PrefixHit.Basis.approximate(.configured)
      if policy.isOmniscient {
        matched = trueBlocks(engine)
        basis = .precise(.exact)
      } else if policy.followsEvents, let match = events.match(of: engine),
        policy == .preciseOnly || match.trust == .exact
      {
        (matched, reserved) = (match.matchedTokens, match.reservedTokens)
        basis = .precise(match.trust)
      } else if policy.remembers {
        matched = sent.blocks(of: engine)
        if policy == .precise { basis = .approximate(.notExact) }
      }
      let tokens = prompt.tokens(ofBlocks: matched)
      for producer in pool.producers.indices {
        pool[producer: producer, engine] = PrefixHit(
          basis: basis, matchedTokens: tokens,
          reservedTokens: prompt.tokens(ofBlocks: matched + reserved) - tokens,
          blockTokens: prompt.promptTokens)
      }
      return matched + reserved
    }
  }

  /// The first token of a request came back.
  func firstToken(of request: Int, _ decision: Decision) {
    inFlight[decision.engine].tokens -= decision.claimedTokens
  }

  /// A request ended.
  func ended(_ decision: Decision) { inFlight[decision.engine].requests -= 1 }

  /// A request was lost before its first token.
  func lost(_ request: Int, _ decision: Decision) {
    firstToken(of: request, decision)
    ended(decision)
    if policy.followsEvents { events.cancel(request) }
  }
}
