import EPPScorer
import Testing

@Suite struct SchedulerTests {
  @Test func `weights add up, and every part is there to be explained`() throws {
    var pool = Scenario.hits(
      [Scenario.hit(48, of: 64), Scenario.hit(0, of: 64)],
      [(4, 0.5), (0, 0.25)].map { waiting, usage in
        Scenario.candidate("a") {
          $0.waitingRequests = waiting
          $0.cacheUsage = usage
        }
      })
    let scheduler = Scheduler(
      Scenario.plan(scorers: [
        (QueueScorer(), 2), (CacheUtilizationScorer(), 2), (PrefixCacheScorer(), 3),
      ]))
    var memory = SchedulerMemory(seed: 1)
    let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
    let scores = result.primary.scores
    #expect(
      scores.scorers.map(\.name) == [
        "queue-scorer", "kv-cache-utilization-scorer", "prefix-cache-scorer",
      ])
    #expect(scores.scorers.map(\.weight) == [2, 2, 3])
    #expect(scores.map(\.parts) == [[0, 0.5, 0.75], [1, 0.75, 0]])
    #expect(scores.map(\.total) == [3.25, 3.5] && scores.totals == [3.25, 3.5])
    #expect(scores.map(\.candidate) == [0, 1] && result.primary.targets == [1])

    pool[producer: 0, 0] = Scenario.hit(64, of: 64)
    let warmer = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
    #expect(warmer.primary.targets == [0])
  }

  /// A clock that goes on by one nanosecond a look.
  private final class Laps: PluginTimer, @unchecked Sendable {
    private var time: UInt64 = 0
    var taken: [Int] = []

    var now: UInt64 {
      time += 1
      return time
    }

    func took(_ nanoseconds: UInt64, plugin: Int) {
      #expect(nanoseconds == 1)
      taken.append(plugin)
    }
  }

  @Test func `plugins are timed one after the other, under their place in the plan`() throws {
    var plan = Scenario.plan(
      filters: [DecodeFilter()], scorers: [(QueueScorer(), 1), (PrefixCacheScorer(), 1)])
    plan.profiles.insert(Scenario.profile("other", filters: [DecodeFilter()]), at: 1)
    let timed = plan.timedPlugins
    #expect(timed.map(\.point) == [.filter, .scorer, .scorer, .picker, .filter, .picker])
    #expect(timed[1].type == "queue-scorer" && timed[1].name == "queue-scorer")
    let laps = Laps()
    var memory = SchedulerMemory(seed: 1)
    _ = try Scheduler(plan, timer: laps)
      .schedule(.init(), Scenario.waiting([0, 5]), now: 0, memory: &memory)
    #expect(laps.taken == [0, 1, 2, 3])
  }

  @Test func `weights of 0 and below are allowed`() throws {
    var memory = SchedulerMemory(seed: 1)
    let pool = Scenario.waiting([0, 5])
    let averse = Scheduler(Scenario.plan(scorers: [(QueueScorer(), -1)]))
    #expect(try averse.schedule(.init(), pool, now: 0, memory: &memory).primary.targets == [1])
  }

  @Test func `no candidates and no candidates left are different failures`() {
    var memory = SchedulerMemory(seed: 1)
    let scheduler = Scheduler(Scenario.plan(filters: [DecodeFilter(), PrefillFilter()]))
    #expect(throws: SchedulingFailure.noEndpoints) {
      try scheduler.schedule(.init(), CandidatePool([]), now: 0, memory: &memory)
    }
    #expect(throws: SchedulingFailure.filteredOut(profile: "default", filter: "prefill-filter")) {
      try scheduler.schedule(
        .init(), CandidatePool([Scenario.candidate("a")]), now: 0, memory: &memory)
    }
  }

  @Test func `filters run in their order, each on what the one before kept`() {
    let filters: [any Filter] = [
      LabelFilter(label: "a", validValues: ["1"]),
      UtilizationFilter(
        conditions: [UtilizationCondition(metric: .waitingQueue, maxValue: 0)],
        fallbackOnEmpty: true),
    ]
    let pool = CandidatePool([
      Scenario.candidate("0", labels: ["a": "1"]) { $0.waitingRequests = 5 },
      Scenario.candidate("1") { $0.waitingRequests = 0 },
    ])
    func kept(_ filters: [any Filter]) -> [Int]? {
      var memory = SchedulerMemory(seed: 1)
      let scheduler = Scheduler(Scenario.plan(filters: filters))
      return try? scheduler.schedule(.init(), pool, now: 0, memory: &memory)
        .primary.scores.candidates
    }
    #expect(kept(filters) == [0])
    #expect(kept(filters.reversed()) == nil)
  }

  @Test func `without scorers all are equal and picked as often`() throws {
    let pool = CandidatePool((0..<4).map { Scenario.candidate("\($0)") })
    let scheduler = Scheduler(Scenario.plan())
    var memory = SchedulerMemory(seed: 9)
    var counts = [0, 0, 0, 0]
    for _ in 0..<4000 {
      let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
      counts[result.primary.targets[0]] += 1
    }
    #expect(counts.allSatisfy { (850...1150).contains($0) })
  }

  // MARK: Random plans

  /// A pool in which anything may be missing or absurd.
  private func pool(_ random: inout RandomStream) -> CandidatePool {
    let roles = ["decode", "prefill", "encode", "both", "encode-prefill-decode", "?"]
    let candidates = (0..<random.below(20)).map { index in
      var labels: [String: String] = [:]
      if random.below(2) == 0 { labels["llm-d.ai/role"] = roles[random.below(roles.count)] }
      if random.below(3) == 0 { labels["llm-d.ai/context-length-range"] = "0-\(random.below(200))" }
      var candidate = Candidate(
        endpoint: Scenario.endpoint("\(index)", labels: labels),
        inFlight: InFlightLoad(requests: random.below(9), tokens: random.below(1 << 40)))
      if random.below(4) > 0 { candidate.load.waitingRequests = random.below(200) }
      if random.below(4) > 0 { candidate.load.runningRequests = random.below(3) }
      if random.below(4) > 0 { candidate.load.cacheUsage = random.fraction() * 1.2 }
      if random.below(20) == 0 { candidate.load.cacheUsage = .nan }
      if random.below(4) > 0 {
        candidate.load.adapters = AdapterLoad(
          active: ["m"], waiting: [], activeMax: random.below(3))
      }
      candidate.load.isStale = random.below(4) == 0
      return candidate
    }
    var pool = CandidatePool(candidates, producers: ["prefix", "other"])
    for index in candidates.indices {
      for producer in 0..<2 where random.below(3) > 0 {
        pool[producer: producer, index] = Scenario.hit(
          random.below(120), of: random.below(100), reserved: random.below(50))
      }
    }
    return pool
  }

  private static let filters: [any Filter] = [
    DecodeFilter(), PrefillFilter(), EncodeFilter(), LabelSelectorFilter(),
    LabelFilter(label: "llm-d.ai/role", validValues: ["both"], allowsNoLabel: true),
    PrefixCacheAffinityFilter(explorationProbability: 0.3), UtilizationDetector(),
    UtilizationFilter(conditions: [.init(metric: .waitingQueue, maxValue: 100)]),
    ConcurrencyDetector(concurrencyMode: .hybrid, maxConcurrency: 4),
    SessionAffinityFilter(source: .sessionID(headers: ["s"], timeToLiveSeconds: 5)),
    SessionAffinityFilter(), ContextLengthAware(enableFiltering: true),
  ]
  private static let scorers: [any Scorer] = [
    QueueScorer(), RunningRequestsScorer(), CacheUtilizationScorer(), LoadAwareScorer(),
    LoRAAffinityScorer(), ActiveRequestScorer(), TokenLoadScorer(), NoHitLRUScorer(lruSize: 4),
    PrefixCacheScorer(prefixMatchInfoProducerName: "other", matchLengthWeight: 0.5),
    SessionAffinityScorer(), HeaderLabelAffinityScorer(headerName: "s", labelKey: "s"),
    ContextLengthAware(),
  ]
  private static let pickers: [any Picker] = [
    MaxScorePicker(), MaxScorePicker(maxNumOfEndpoints: 3), RandomPicker(),
    RandomPicker(maxNumOfEndpoints: 2), WeightedRandomPicker(),
    WeightedRandomPicker(maxNumOfEndpoints: 4),
  ]

  private func profile(_ name: String, _ random: inout RandomStream) -> SchedulingPlan.Profile {
    Scenario.profile(
      name,
      filters: random.permutation(Self.filters.count).prefix(random.below(3)).map {
        Self.filters[$0]
      },
      scorers: random.permutation(Self.scorers.count).prefix(random.below(6)).map {
        (Self.scorers[$0], Double(random.below(5)))
      }, picker: Self.pickers[random.below(Self.pickers.count)])
  }

  private func plan(_ random: inout RandomStream) -> SchedulingPlan {
    let handler = DisaggProfileHandler(
      order: random.below(2) == 0 ? .decodeFirst : .prefillFirst,
      prefillDecider: random.below(2) == 0 ? "pd" : nil, encodeDecider: "media")
    return SchedulingPlan(
      profiles: ["decode", "prefill", "encode"].map { profile($0, &random) },
      handler: .init("handler", handler),
      deciders: [
        .init("pd", PrefixBasedPDDecider(nonCachedTokens: 30)),
        .init("media", AlwaysDisaggMultimodalDecider()),
      ], producers: ["prefix", "other"], defaultProducer: 0, inFlightProducer: 1)
  }

  @Test(arguments: 0..<12 as Range<UInt64>)
  func `any plan on any pool picks among what it kept, within bounds, the same each time`(
    seed: UInt64
  ) {
    var random = RandomStream(seed: seed)
    for _ in 0..<20 {
      let plan = plan(&random)
      let scheduler = Scheduler(plan)
      var memory = SchedulerMemory(seed: random.next())
      var now: UInt64 = 0
      for _ in 0..<20 {
        let pool = pool(&random)
        now += 1_000_000_000
        let request = SchedulingRequest(
          model: "m", promptTokens: random.below(150), hasMedia: random.below(2) == 0,
          headers: RequestHeaders([("s", "\(random.below(9))")]))
        var again = memory
        let result = Result { () throws(SchedulingFailure) in
          try scheduler.schedule(request, pool, now: now, memory: &memory)
        }
        let repeated = Result { () throws(SchedulingFailure) in
          try scheduler.schedule(request, pool, now: now, memory: &again)
        }
        #expect(result == repeated && memory.random == again.random)
        guard let found = try? result.get() else { continue }
        for chosen in [found.primary] + found.others { check(chosen, plan, pool) }
        scheduler.remember(request, found, pool, now: now, memory: &memory)
      }
    }
  }

  private func check(
    _ chosen: SchedulingResult.Profile, _ plan: SchedulingPlan, _ pool: CandidatePool
  ) {
    let profile = plan.profiles.first { $0.name == chosen.name }
    let weights = profile?.scorers.map(\.weight).reduce(0, +) ?? 0
    #expect(chosen.scores.totals.allSatisfy { (0...weights + 1e-9).contains($0) })
    #expect(!chosen.targets.isEmpty && Set(chosen.targets).count == chosen.targets.count)
    #expect(Set(chosen.targets).isSubset(of: chosen.scores.candidates))
    #expect(chosen.scores.candidates.allSatisfy { pool.candidates.indices.contains($0) })
    for score in chosen.scores {
      let total = zip(score.parts, chosen.scores.scorers).reduce(0) { $0 + $1.0 * $1.1.weight }
      #expect(abs(total - score.total) < 1e-9)
    }
  }
}
