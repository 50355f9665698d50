import KVIndexer
import Testing

@Suite("Sequence tracker: reconnection")
struct SequenceTrackerReconnectTests {
  @Test("While disconnected the state says since when")
  func disconnected() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.now = 42
    harness.disconnect()
    #expect(harness.announced == .disconnected(sinceNanoseconds: 42))
  }

  @Test(
    "The same payload under the last sequence proves the same engine, and what was missed follows")
  func proven() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.connect()
    #expect(harness.requests == [2])
    #expect(harness.state == .bootstrapping)
    harness.live(5)
    harness.replayed(2...4)
    harness.end()
    #expect(harness.incarnations == [])
    #expect(harness.sequences == Array(0...5))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Another payload under the last sequence is a new incarnation, replayed from 0")
  func otherPayload() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.connect()
    harness.replayed([2], life: 1)
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests == [2, 0])
    harness.replayed(0...6, life: 1)
    harness.end()
    #expect(harness.delivered == (0...6).map { Sighting(life: 1, sequence: $0) })
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("An empty answer although something was delivered is a new incarnation")
  func emptyAnswer() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.connect()
    harness.end()
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests == [2, 0])
    harness.end()
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("An answer of older messages only is a new incarnation")
  func olderAnswer() {
    var harness = TrackerHarness(replay: true, delivered: 300)
    harness.disconnect()
    harness.connect()
    harness.replayed(0...1, life: 1)
    harness.end()
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests == [299, 0])
  }

  @Test("A ring that wrapped meanwhile proves nothing: new incarnation, joined late")
  func wrapped() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.connect()
    harness.replayed(10...12)
    harness.end()
    #expect(harness.incarnations == [.unproven])
    #expect(harness.requests == [2])
    #expect(harness.sequences == [10, 11, 12])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("Without a replay endpoint a reconnection is a new incarnation, complete only from 0")
  func withoutReplay() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.disconnect()
    harness.connect()
    #expect(harness.incarnations == [.unproven])
    harness.live(3)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
    harness.disconnect()
    harness.connect()
    harness.live(0, life: 1)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("If nothing was ever delivered a reconnection just bootstraps")
  func nothingDelivered() {
    var harness = TrackerHarness(replay: true)
    harness.disconnect()
    harness.connect()
    #expect(harness.requests == [0])
    #expect(harness.incarnations == [])
    harness.end()
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A disconnection closes the exchange and discards held messages; the proof fetches them")
  func duringReplay() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(5)
    harness.disconnect()
    #expect(harness.cancelled == 1)
    #expect(harness.held == [])
    harness.replayed(2...5)
    harness.connect()
    harness.replayed(2...6)
    harness.end()
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A proof that fails for good is a new incarnation that starts with the next live message")
  func failedProof() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.disconnect()
    harness.connect()
    for _ in 0..<3 {
      harness.fail()
      harness.tick()
    }
    #expect(harness.incarnations == [.unproven])
    #expect(harness.state == .live(.incomplete(.replayFailed), replaying: false))
    harness.live(4)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("A second peer without notice of the first one's end is a reconnection")
  func secondPeer() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.connect()
    #expect(harness.requests == [2])
    #expect(harness.state == .bootstrapping)
  }

  @Test("Losses of an earlier connection are not asked for again by the proof")
  func declaredLossesStay() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(6)
    harness.end()
    harness.disconnect()
    harness.connect()
    #expect(harness.requests == [2, 6])
    harness.replayed(6...7)
    harness.end()
    #expect(harness.sequences == [0, 1, 2, 6, 7])
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }
}
