import KVIndexer
import Testing

@Suite("Sequence tracker: doubts from outside")
struct SequenceTrackerResyncTests {
  @Test("A suspected engine that still has its last message keeps its incarnation")
  func proven() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.suspect()
    #expect(harness.state == .bootstrapping)
    #expect(harness.requests == [2])
    harness.live(3)
    harness.answer(2...3)
    #expect(harness.incarnations == [])
    #expect(harness.sequences == [0, 1, 2, 3])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A suspected engine that has another last message is a new incarnation")
  func replaced() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.suspect()
    harness.answer(2...5, life: 1)
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests == [2, 0])
    harness.answer(0...5, life: 1)
    #expect(harness.delivered == (0...5).map { Sighting(life: 1, sequence: $0) })
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Without a replay endpoint a suspected engine is a new incarnation, joined late")
  func unproven() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.suspect()
    #expect(harness.incarnations == [.unproven])
    harness.live(3)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("A resync forgets all and fetches what the ring has")
  func resync() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.resync(.drifted)
    #expect(harness.incarnations == [.drifted])
    #expect(harness.requests == [0])
    #expect(harness.state == .bootstrapping)
    harness.live(3)
    harness.answer(1...3)
    #expect(harness.sequences == [1, 2, 3])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("A resync of an engine that is gone begins anew when it comes back")
  func resyncWhileDown() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.resync(.requested)
    #expect(harness.incarnations == [.requested])
    harness.connect()
    #expect(harness.requests == [0])
    harness.answer(0...3)
    #expect(harness.sequences == [0, 1, 2, 3])
    #expect(harness.state == .live(.complete, replaying: false))
  }
}
