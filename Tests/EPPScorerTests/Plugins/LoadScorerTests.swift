import EPPScorer
import Testing

@Suite struct LoadScorerTests {
  static let queues: [(queues: [Int?], scores: [Double])] = [
    ([10, 5, 0], [0, 0.5, 1]), ([5, 5], [1, 1]), ([7], [1]),
    ([10, nil, 0], [0, 0, 1]), ([4, nil], [1, 0]), ([nil, nil], [1, 1]),
  ]

  @Test(arguments: queues) func `a shorter queue scores higher, an unknown one 0`(
    queues: [Int?], scores: [Double]
  ) throws {
    let pool = Scenario.waiting(queues)
    #expect(try Scenario.scores(QueueScorer(), pool) == scores)
  }

  @Test(arguments: queues) func `fewer running requests score higher, unknown ones 0`(
    running: [Int?], scores: [Double]
  ) throws {
    let pool = CandidatePool(
      running.map { running in Scenario.candidate("a") { $0.runningRequests = running } })
    #expect(try Scenario.scores(RunningRequestsScorer(), pool) == scores)
  }

  @Test func `a queue longer than numbers are wide is not a trap`() throws {
    let pool = Scenario.waiting([.max, .min, 0])
    let scores = try Scenario.scores(QueueScorer(), pool)
    #expect(scores[0] == 0 && scores[1] == 1)
  }

  @Test func `a free cache scores higher, an unknown one 0`() throws {
    let usages: [Double?] = [0.8, 0.5, 0, nil, .nan, 1.5]
    let pool = CandidatePool(
      usages.map { usage in Scenario.candidate("a") { $0.cacheUsage = usage } })
    let scores = try Scenario.scores(CacheUtilizationScorer(), pool)
    #expect(Scenario.areEqual(scores, [0.2, 0.5, 1, 0, 0, 0]))
  }

  @Test func `a queue up to the threshold scores at most a half`() throws {
    let pool = Scenario.waiting([2, 0, 15, nil])
    let scores = try Scenario.scores(LoadAwareScorer(threshold: 10), pool)
    #expect(Scenario.areEqual(scores, [0.4, 0.5, 0, 0]))
  }

  @Test func `stale numbers still score`() throws {
    let pool = CandidatePool(
      [3, 1].map { queue in
        Scenario.candidate("a") {
          $0.waitingRequests = queue
          $0.isStale = true
        }
      })
    #expect(try Scenario.scores(QueueScorer(), pool) == [0, 1])
  }

  @Test(arguments: [
    (active: ["x", "m"], waiting: [], most: 2, score: 1.0),
    (active: ["a", "b", "c", "d"], waiting: ["m"], most: 6, score: 0.8),
    (active: ["a"], waiting: [], most: 2, score: 0.8),
    (active: ["a", "b"], waiting: ["m"], most: 2, score: 0.6),
    (active: ["a", "b"], waiting: [], most: 2, score: 0),
    (active: [], waiting: [], most: 0, score: 0),
  ]) func `an adapter that is there beats room for it beats one that waits`(
    active: [String], waiting: [String], most: Int, score: Double
  ) throws {
    let pool = CandidatePool([
      Scenario.candidate("a") {
        $0.adapters = AdapterLoad(active: active, waiting: waiting, activeMax: most)
      }, Scenario.candidate("unknown"),
    ])
    let scores = try Scenario.scores(LoRAAffinityScorer(), pool, SchedulingRequest(model: "m"))
    #expect(scores == [score, 0])
  }

  @Test func `idle endpoints score 1, busy ones by how far they are from the busiest`() throws {
    let pool = CandidatePool([0, 2, 5, 10].map { Scenario.candidate("a", requests: $0) })
    #expect(try Scenario.scores(ActiveRequestScorer(), pool) == [1, 0.8, 0.5, 0])
    let scorer = ActiveRequestScorer(idleThreshold: 2, maxBusyScore: 0.5)
    #expect(try Scenario.scores(scorer, pool) == [1, 1, 0.25, 0])
  }

  @Test func `tokens in flight and this request's uncached ones lower the score`() throws {
    let pool = Scenario.hits(
      [.unknown, Scenario.hit(80, of: 96, reserved: 16), Scenario.hit(100, of: 96)],
      [100, 100, 2000].map { Scenario.candidate("a", tokens: $0) })
    let scores = try Scenario.scores(
      TokenLoadScorer(queueThresholdTokens: 1000), pool, SchedulingRequest(promptTokens: 100))
    #expect(Scenario.areEqual(scores, [0.8, 0.896, 0]))
  }
}
