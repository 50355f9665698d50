import EPPScorer
import Service
import Simulation

/// Candidates with their loads and prefix hits → the endpoint of a request, in process.
enum ScheduleBenchmark {
  private static let operations = 16
  private static let request = SchedulingRequest(id: "r", model: "m", promptTokens: 8192)

  static func run(_ scale: Scale, _ report: inout Report) {
    report.begin("schedule", "queue, KV usage and prefix, max-score-picker, seed \(scale.seed)")
    for candidates in [8, 64, 512] {
      let goal: Report.Goal? =
        switch candidates {
        case 64: .median(5)
        case 512: .median(40)
        default: nil
        }
      for (name, plan) in [("", plan), (", roles, token load", rolesPlan)] {
        let name = "\(candidates) candidates\(name)"
        guard scale.wants(name) else { continue }
        time(name, Scheduler(plan), candidates: candidates, goal: goal, scale, &report)
      }
    }
  }

  private typealias Named = SchedulingPlan.Named

  private static let scorers: [(part: Named<any EPPScorer.Scorer>, weight: Double)] = [
    (Named("queue", QueueScorer()), 2), (Named("kv", CacheUtilizationScorer()), 2),
    (Named("prefix", PrefixCacheScorer()), 3),
  ]

  private static let plan = plan([], scorers)

  /// A filter by role and a fourth scorer.
  private static let rolesPlan = plan(
    [Named("decode", DecodeFilter())], scorers + [(Named("tokens", TokenLoadScorer()), 1)])

  private static func plan(
    _ filters: [Named<any Filter>], _ scorers: [(part: Named<any EPPScorer.Scorer>, weight: Double)]
  ) -> SchedulingPlan {
    SchedulingPlan(
      profiles: [
        SchedulingPlan.Profile(
          name: "default", filters: filters, scorers: scorers,
          picker: Named("picker", MaxScorePicker()))
      ],
      handler: Named("handler", SingleProfileHandler()), producers: ["prefix"],
      defaultProducer: 0)
  }

  private static func time(
    _ name: String, _ scheduler: Scheduler, candidates: Int, goal: Report.Goal?, _ scale: Scale,
    _ report: inout Report
  ) {
    var random = SplitMix64(seed: scale.seed)
    let pools = (0..<operations).map { _ in pool(candidates, &random) }
    var memory = SchedulerMemory(seed: scale.seed)
    var checksum = Checksum()
    report.check(scheduler.plan.faults.isEmpty, "the plan is not sound")
    for pool in pools {
      let target = schedule(pool, scheduler, &memory)
      let isBest = pool.candidates.indices.allSatisfy {
        sum($0, pool, scheduler.plan) <= sum(target, pool, scheduler.plan) + 1e-9
      }
      report.check(isBest, "another candidate is better than the one that was picked")
      checksum.add(target)
    }
    var last = 0
    let samples = Stopwatch.batches(
      rounds: scale.rounds, batches: scale.size(1000, smoke: 10), operations: operations
    ) { _ in
      for pool in pools { last = schedule(pool, scheduler, &memory) }
    }
    report.check((0..<candidates).contains(last), "nobody was picked")
    report.row(name, samples, unit: "µs", scale: 1000, goal: goal, checksum: checksum)
  }

  private static func schedule(
    _ pool: CandidatePool, _ scheduler: Scheduler, _ memory: inout SchedulerMemory
  ) -> Int {
    let result = try? scheduler.schedule(request, pool, now: 0, memory: &memory)
    return result?.primary.targets.first ?? -1
  }

  /// A candidate's weighted sum, by the formulas of the scorers in their plainest form.
  private static func sum(_ candidate: Int, _ pool: CandidatePool, _ plan: SchedulingPlan) -> Double
  {
    guard pool.candidates.indices.contains(candidate) else { return -.infinity }
    let queues = pool.candidates.map { Double($0.load.waitingRequests ?? 0) }
    let (least, most) = (queues.min() ?? 0, queues.max() ?? 0)
    let load = pool.candidates[candidate]
    let hit = pool[producer: 0, candidate]
    let queue = most > least ? (most - queues[candidate]) / (most - least) : 1
    let share = Double(hit.matchedTokens) / Double(hit.blockTokens)
    let sum = 2 * queue + 2 * (1 - (load.load.cacheUsage ?? 0)) + 3 * share
    guard plan.profiles[0].scorers.count > 3 else { return sum }
    let tokens = Double(load.inFlight.tokens + request.promptTokens - hit.matchedTokens)
    return sum + 1 - min(tokens / 4_194_304, 1)
  }

  private static func pool(_ count: Int, _ random: inout SplitMix64) -> CandidatePool {
    let candidates = (0..<count).map { index in
      var candidate = Candidate(
        endpoint: Endpoint(
          id: EndpointID(namespace: "default", name: "vllm-\(index)"),
          host: "10.0.\(index / 250).\(index % 250)", port: 8000,
          labels: ["llm-d.ai/role": "both", "zone": "a"]))
      candidate.load.waitingRequests = random.below(20)
      candidate.load.runningRequests = random.below(64)
      candidate.load.cacheUsage = random.fraction()
      candidate.inFlight = InFlightLoad(requests: random.below(20), tokens: random.below(100_000))
      return candidate
    }
    var pool = CandidatePool(candidates, producers: ["prefix"])
    for index in candidates.indices {
      pool[producer: 0, index] = PrefixHit(
        basis: .precise(.exact), matchedTokens: 16 * random.below(512),
        blockTokens: request.promptTokens)
    }
    return pool
  }
}
