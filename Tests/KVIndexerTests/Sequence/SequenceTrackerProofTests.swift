import KVIndexer
import Testing

@Suite struct SequenceTrackerProofTests {
  @Test func `A late joiner whose history is proven is complete`() {
    var harness = TrackerHarness(replay: false)
    harness.live(5)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
    harness.tracker.historyKnown()
    harness.drain()
    #expect(harness.state == .live(.complete, replaying: false))
    harness.live(6)
    #expect(harness.sequences == [5, 6])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test func `A gap is not made up for`() {
    var harness = TrackerHarness(replay: false)
    harness.live(5)
    harness.live(7)
    harness.tracker.historyKnown()
    harness.drain()
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }
}
