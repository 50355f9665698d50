import EPPScorer
import Testing

@Suite struct PrefixScorerTests {
  @Test(arguments: [
    (weight: 0.0, scale: 8192, matched: 5, total: 10, score: 0.5), (0, 8192, 2, 10, 0.2),
    (0.5, 100, 5, 10, 0.25125), (0.5, 100, 50, 100, 0.375), (1, 100, 300, 300, 1),
    (0, 8192, 0, 0, 0), (0.5, 100, 0, 0, 0), (0, 8192, 12, 10, 1),
  ]) func `the score is the share that is there, and its length where that has weight`(
    weight: Double, scale: Int, matched: Int, total: Int, score: Double
  ) throws {
    let scorer = PrefixCacheScorer(matchLengthWeight: weight, matchLengthScaleTokens: scale)
    let scores = try Scenario.scores(
      scorer, Scenario.hits([Scenario.hit(matched, of: total), .unknown]))
    #expect(Scenario.areEqual(scores, [score, 0]))
  }

  @Test func `tokens of slow tiers are worth less, reserved ones as much`() throws {
    let slow = PrefixHit(
      basis: .precise(.exact), matchedTokens: 64, weightedTokens: 51.2, blockTokens: 128)
    let scores = try Scenario.scores(
      PrefixCacheScorer(), Scenario.hits([slow, Scenario.hit(32, of: 128, reserved: 64)]))
    #expect(Scenario.areEqual(scores, [0.4, 0.75]))
  }

  @Test func `a scorer reads the producer that it names`() throws {
    var pool = CandidatePool([Scenario.candidate("a")], producers: ["prefix", "other"])
    pool[producer: 0, 0] = Scenario.hit(1, of: 4)
    pool[producer: 1, 0] = Scenario.hit(3, of: 4)
    #expect(try Scenario.scores(PrefixCacheScorer(), pool) == [0.25])
    let named = PrefixCacheScorer(prefixMatchInfoProducerName: "other")
    #expect(try Scenario.scores(named, pool) == [0.75])
    let missing = PrefixCacheScorer(prefixMatchInfoProducerName: "missing")
    #expect(try Scenario.scores(missing, pool) == [0])
  }

  @Test func `a pool without producers scores nothing and is no trap`() throws {
    let pool = CandidatePool([Scenario.candidate("a"), Scenario.candidate("b")])
    #expect(try Scenario.scores(PrefixCacheScorer(), pool) == [0, 0])
    #expect(try Scenario.scores(NoHitLRUScorer(), pool) == [1, 0])
    #expect(try Scenario.scores(TokenLoadScorer(), pool) == [1, 1])
  }

  // MARK: No hit

  private let names = ["a", "b", "c"]
  private let cold = [PrefixHit](repeating: Scenario.hit(0, of: 64), count: 3)

  @Test func `cold requests go round: never used endpoints first, then the least recent`() throws {
    let pool = Scenario.hits(cold, names.map { Scenario.candidate($0) })
    let scheduler = Scheduler(Scenario.plan(scorers: [(NoHitLRUScorer(), 1)]))
    var memory = SchedulerMemory(seed: 1)
    var scores: [[Double]] = []
    for _ in 0..<5 {
      let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
      scores.append(result.primary.scores.totals)
      scheduler.remember(.init(), result, pool, now: 0, memory: &memory)
    }
    #expect(scores == [[1, 0.5, 0], [0, 1, 0.5], [0.5, 0, 1], [1, 0.5, 0], [0, 1, 0.5]])
  }

  @Test func `a warm request scores all the same and leaves the order`() throws {
    let candidates = names.map { Scenario.candidate($0) }
    let scheduler = Scheduler(Scenario.plan(scorers: [(NoHitLRUScorer(), 1)]))
    var memory = SchedulerMemory(seed: 1)
    for warm in [Scenario.hit(16, of: 64), Scenario.hit(0, of: 64, reserved: 16)] {
      let pool = Scenario.hits([cold[0], warm, cold[0]], candidates)
      let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
      #expect(result.primary.scores.totals == [0.5, 0.5, 0.5])
      scheduler.remember(.init(), result, pool, now: 0, memory: &memory)
    }
    let pool = Scenario.hits(cold, candidates)
    let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
    #expect(result.primary.scores.totals == [1, 0.5, 0])
  }

  @Test func `a single endpoint scores 1`() throws {
    #expect(try Scenario.scores(NoHitLRUScorer(), Scenario.hits([cold[0]])) == [1])
  }

  @Test func `endpoints that went away do not lower the others' ranks`() throws {
    let scheduler = Scheduler(Scenario.plan(scorers: [(NoHitLRUScorer(), 1)]))
    var memory = SchedulerMemory(seed: 1)
    for name in ["gone", "gone too", "a", "b"] {
      let pool = Scenario.hits([cold[0]], [Scenario.candidate(name)])
      let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
      scheduler.remember(.init(), result, pool, now: 0, memory: &memory)
    }
    let pool = Scenario.hits(Array(cold[..<2]), ["b", "a"].map { Scenario.candidate($0) })
    #expect(try Scenario.scores(NoHitLRUScorer(), pool, memory: memory) == [0, 1])
  }

  @Test func `of more endpoints than are remembered the oldest count as never used`() throws {
    let scorer = NoHitLRUScorer(lruSize: 2)
    let scheduler = Scheduler(Scenario.plan(scorers: [(scorer, 1)]))
    var memory = SchedulerMemory(seed: 1)
    for name in names {
      let pool = Scenario.hits([cold[0]], [Scenario.candidate(name)])
      let result = try scheduler.schedule(.init(), pool, now: 0, memory: &memory)
      scheduler.remember(.init(), result, pool, now: 0, memory: &memory)
    }
    let pool = Scenario.hits(cold, ["c", "b", "a"].map { Scenario.candidate($0) })
    #expect(try Scenario.scores(scorer, pool, memory: memory) == [0, 0.5, 1])
  }
}
