import Simulation
import Testing

@testable import Service

/// Silence is proven by what an engine computed, never by silence alone.
@Suite struct SilenceDetectorTests {
  private static let second: UInt64 = 1_000_000_000

  /// One read of an engine's metrics, at a second.
  private func sight(
    at seconds: UInt64, computed: Int?, finished: Int? = 0, running: Int = 0, event: UInt64? = nil,
    started: Double = 1
  ) -> SilenceDetector.Sight {
    var report = EngineReport()
    report.computedTokens = computed
    report.finishedRequests = finished
    report.runningRequests = running
    report.startTime = started
    return SilenceDetector.Sight(
      readAt: seconds * Self.second, report: report, eventAt: event.map { $0 * Self.second },
      blockSize: 16)
  }

  private func isSilent(_ sights: [SilenceDetector.Sight]) -> [Bool] {
    var detector = SilenceDetector(patience: .seconds(5))
    return sights.map { detector.isSilent($0, now: $0.readAt) }
  }

  @Test func `blocks that must have been filled, and no event for five seconds, prove it`() {
    #expect(
      isSilent([
        sight(at: 10, computed: 0),
        sight(at: 12, computed: 100, finished: 1),
        sight(at: 14, computed: 100, finished: 1),
        sight(at: 16, computed: 100, finished: 1),
        sight(at: 17, computed: 100, finished: 1),
      ]) == [false, false, false, false, true])
  }

  @Test func `an idle engine is never silent`() {
    #expect(
      isSilent((1...20).map { sight(at: 10 * $0, computed: 5_000, finished: 3) }).allSatisfy { !$0 }
    )
  }

  @Test func `many requests that need not have filled a block prove nothing`() {
    let sights = (1...20).map { sight(at: UInt64($0) * 10, computed: $0 * 150, finished: $0 * 10) }
    #expect(isSilent(sights).allSatisfy { !$0 })
  }

  @Test func `requests that still run count among those that computed`() {
    let sights = [sight(at: 10, computed: 0), sight(at: 30, computed: 150, running: 10)]
    #expect(isSilent(sights + [sight(at: 60, computed: 150, running: 10)]).allSatisfy { !$0 })
  }

  @Test func `an event after the first read takes the proof back, and a new one can be made`() {
    #expect(
      isSilent([
        sight(at: 10, computed: 0),
        sight(at: 12, computed: 100, finished: 1),
        sight(at: 20, computed: 100, finished: 1, event: 18),
        sight(at: 30, computed: 100, finished: 1, event: 18),
        sight(at: 32, computed: 200, finished: 2, event: 18),
        sight(at: 40, computed: 200, finished: 2, event: 18),
      ]) == [false, false, false, false, false, true])
  }

  @Test func `counters read soon after the event of what they count prove nothing`() {
    #expect(
      isSilent([
        sight(at: 10, computed: 0, event: 9), sight(at: 12, computed: 100, finished: 1, event: 9),
        sight(at: 20, computed: 100, finished: 1, event: 9),
      ]).allSatisfy { !$0 })
  }

  @Test func `a restart begins anew`() {
    #expect(
      isSilent([
        sight(at: 10, computed: 0),
        sight(at: 12, computed: 100, finished: 1, started: 2),
        sight(at: 30, computed: 100, finished: 1, started: 2),
      ]).allSatisfy { !$0 })
  }

  @Test func `without numbers there is no proof`() {
    #expect(
      isSilent([
        sight(at: 10, computed: nil), sight(at: 12, computed: nil, finished: 1),
        sight(at: 30, computed: 500, finished: nil),
      ]).allSatisfy { !$0 })
  }

  @Test func `prompts less hits stand for what was computed, from when nothing runs`() {
    func older(_ seconds: UInt64, _ prompts: Int, _ hits: Int, running: Int)
      -> SilenceDetector.Sight
    {
      var sight = sight(at: seconds, computed: nil, finished: prompts / 100, running: running)
      sight.report.promptTokens = prompts
      sight.report.cacheHits = hits
      return sight
    }
    #expect(
      isSilent([
        older(10, 0, 96, running: 1), older(12, 100, 96, running: 0),
        older(20, 100, 96, running: 0),
      ]).allSatisfy { !$0 })
    #expect(
      isSilent([
        older(10, 0, 0, running: 0), older(12, 100, 0, running: 0), older(20, 100, 0, running: 0),
      ]) == [false, false, true])
  }

  /// An engine that announces what it fills is never called silent, however it works.
  @Test(arguments: TestSeeds.upTo(60))
  func `an engine that announces its blocks is never silent`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var detector = SilenceDetector(patience: .seconds(5))
    var (computed, finished, running) = (0, 0, [Int]())
    var event: UInt64?
    for second in UInt64(10)..<300 {
      for _ in 0..<random.below(4) where random.below(3) > 0 {
        let tokens = 1 + random.below(60)
        computed += tokens
        running.append(tokens)
        if tokens >= 16 { event = second * Self.second }
      }
      let over = running.isEmpty ? 0 : random.below(running.count + 1)
      running.removeFirst(over)
      finished += over
      guard random.below(2) == 0 else { continue }
      var sight = sight(
        at: second, computed: computed, finished: finished, running: running.count)
      sight.eventAt = event
      let isSilent = detector.isSilent(sight, now: second * Self.second)
      #expect(!isSilent)
    }
  }
}
