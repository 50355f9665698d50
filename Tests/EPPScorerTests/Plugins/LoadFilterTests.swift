import EPPScorer
import Testing

@Suite struct LoadFilterTests {
  private func candidate(
    _ waiting: Int?, _ usage: Double?, isStale: Bool = false, requests: Int = 0, tokens: Int = 0
  ) -> Candidate {
    Scenario.candidate("a", requests: requests, tokens: tokens) {
      $0.waitingRequests = waiting
      $0.cacheUsage = usage
      $0.isStale = isStale
    }
  }

  @Test func `all conditions must hold, and what is not known holds`() {
    let pool = CandidatePool([
      candidate(2, 0.5), candidate(3, 0.5), candidate(2, 0.6), candidate(nil, nil),
      candidate(0, 0, requests: 9),
    ])
    let conditions = [
      UtilizationCondition(metric: .waitingQueue, maxValue: 2),
      UtilizationCondition(metric: .cacheUtilization, maxValue: 0.5),
      UtilizationCondition(metric: .activeRequests, maxValue: 8),
      UtilizationCondition(metric: .runningRequests, maxValue: 0),
    ]
    #expect(Scenario.kept(UtilizationFilter(conditions: conditions), pool) == [0, 3])
    #expect(Scenario.kept(UtilizationFilter(), pool) == [0, 1, 2, 3, 4])
  }

  @Test func `where none is within bounds all stay only if that is asked for`() {
    let pool = CandidatePool([candidate(3, 0), candidate(4, 0)])
    let conditions = [UtilizationCondition(metric: .waitingQueue, maxValue: 2)]
    #expect(Scenario.kept(UtilizationFilter(conditions: conditions), pool) == nil)
    let lenient = UtilizationFilter(conditions: conditions, fallbackOnEmpty: true)
    #expect(Scenario.kept(lenient, pool) == [0, 1])
  }

  @Test func `saturated endpoints go, and those that have not said or not lately`() {
    let pool = CandidatePool([
      candidate(4, 0.79), candidate(5, 0), candidate(0, 0.8), candidate(0, 0, isStale: true),
      candidate(nil, 0), candidate(0, nil),
    ])
    #expect(Scenario.kept(UtilizationDetector(), pool) == [0])
    #expect(Scenario.kept(UtilizationDetector(headroom: 0.5), pool) == [0, 1, 2])
    let saturated = CandidatePool(Array(pool.candidates[1...]))
    #expect(Scenario.kept(UtilizationDetector(), saturated) == [0, 1, 2, 3, 4])
  }

  @Test(arguments: [
    (ConcurrencyDetector.Mode.requests, [0, 2]), (.tokens, [0, 1]), (.hybrid, [0]),
  ]) func `endpoints at their limit go`(mode: ConcurrencyDetector.Mode, kept: [Int]) {
    let pool = CandidatePool([
      candidate(0, 0, requests: 9, tokens: 99), candidate(0, 0, requests: 10, tokens: 99),
      candidate(0, 0, requests: 9, tokens: 100),
    ])
    let filter = ConcurrencyDetector(
      concurrencyMode: mode, maxConcurrency: 10, maxTokenConcurrency: 100)
    #expect(Scenario.kept(filter, pool) == kept)
    var roomy = filter
    roomy.headroom = 0.1
    #expect(Scenario.kept(roomy, pool) == [0, 1, 2])
    let full = CandidatePool([candidate(0, 0, requests: 10, tokens: 100)])
    #expect(Scenario.kept(filter, full) == [0])
  }

  // MARK: Prefix affinity

  private func pool(_ shares: [Int], tokens: [Int]) -> CandidatePool {
    Scenario.hits(
      shares.map { Scenario.hit($0, of: 100) }, tokens.map { Scenario.candidate("a", tokens: $0) })
  }

  @Test func `endpoints that hold most of the prompt stay alone`() {
    let filter = PrefixCacheAffinityFilter()
    #expect(Scenario.kept(filter, pool([80, 79, 100], tokens: [0, 0, 0])) == [0, 2])
    #expect(Scenario.kept(filter, pool([79, 10], tokens: [0, 0])) == [0, 1])
    #expect(Scenario.kept(filter, pool([0], tokens: [0])) == [0])
    let off = PrefixCacheAffinityFilter(affinityThreshold: 0)
    #expect(Scenario.kept(off, pool([80, 10], tokens: [0, 0])) == [0, 1])
  }

  @Test(arguments: [
    (sticky: 1018, kept: [0]), (sticky: 1019, kept: [0, 1]), (sticky: 19_000, kept: [0, 1]),
  ]) func `a sticky endpoint that is far busier than the others does not keep them out`(
    sticky: Int, kept: [Int]
  ) {
    // 1,000 tokens a second: 18 more tokens take 18 ms.
    let filter = PrefixCacheAffinityFilter(maxTTFTPenaltyMs: 18, peakPrefillThroughput: 1000)
    #expect(Scenario.kept(filter, pool([90, 10], tokens: [sticky, 1000])) == kept)
  }

  @Test func `no penalty means no load gate`() {
    let filter = PrefixCacheAffinityFilter(maxTTFTPenaltyMs: 0)
    #expect(Scenario.kept(filter, pool([90, 10], tokens: [1_000_000_000, 0])) == [0])
  }

  @Test func `exploration switches the filter off as often as it says`() {
    let filter = PrefixCacheAffinityFilter(explorationProbability: 0.25)
    let pool = pool([90, 10], tokens: [0, 0])
    let explored = (0..<400).filter { Scenario.kept(filter, pool, seed: $0) == [0, 1] }.count
    #expect((60...140).contains(explored))
    let always = PrefixCacheAffinityFilter(explorationProbability: 1)
    #expect(Scenario.kept(always, pool) == [0, 1])
  }
}
