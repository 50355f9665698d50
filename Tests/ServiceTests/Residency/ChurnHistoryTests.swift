import KVIndexer
import Testing

@testable import Service

/// Rates from counters that are looked at now and then.
@Suite struct ChurnHistoryTests {
  private let second: UInt64 = 1_000_000_000
  private let source = SourceID(0)

  private func counters(_ stored: Int, _ removed: Int, evicted: Int = 0) -> SourceCounters {
    var counters = SourceCounters()
    counters.storedBlocks = stored
    counters.removedBlocks = removed
    counters.evictedBlocks = evicted
    return counters
  }

  @Test func `rates are of the last minute`() {
    let history = ChurnHistory()
    #expect(history.rates(of: source) == nil)
    for number in 0...100 {
      history.note(
        [(source, counters(number * 50, number * 20, evicted: number * 5))],
        at: UInt64(number) * 5 * second)
      if number == 0 { #expect(history.rates(of: source) == nil) }
    }
    #expect(history.rates(of: source) == ChurnHistory.Rates(stored: 10, removed: 5))
    for number in 101...112 {
      history.note(
        [(source, counters(5_000, 2_000, evicted: 500))], at: UInt64(number) * 5 * second)
    }
    #expect(history.rates(of: source) == ChurnHistory.Rates(stored: 0, removed: 0))
  }

  @Test func `counters that begin anew are another source's`() {
    let history = ChurnHistory()
    history.note([(source, counters(100, 0))], at: second)
    history.note([(source, counters(10, 0))], at: 2 * second)
    #expect(history.rates(of: source) == nil)
    history.note([(source, counters(30, 0))], at: 4 * second)
    #expect(history.rates(of: source)?.stored == 10)
    history.note([], at: 5 * second)
    #expect(history.rates(of: source) == nil)
  }
}

/// The thread for questions about the whole index.
@Suite struct InspectionThreadTests {
  @Test func `questions are answered in order, and too many are refused`() {
    let thread = InspectionThread()
    let answered = LogLines()
    var taken = 0
    while thread.ask({ [taken] in answered.add("\(taken)") }) { taken += 1 }
    #expect(taken == InspectionThread.waitingMax)
    thread.start()
    thread.stop()
    #expect(answered.all == (0..<taken).map { "\($0)" })
    #expect(!thread.ask {})
  }
}
