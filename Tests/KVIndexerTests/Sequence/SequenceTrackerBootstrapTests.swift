import KVIndexer
import Testing

@Suite("Sequence tracker: the first connection")
struct SequenceTrackerBootstrapTests {
  @Test("Without a connection it is connecting")
  func connecting() {
    let harness = TrackerHarness(replay: true, connected: false)
    #expect(harness.state == .connecting)
  }

  @Test("Without a replay endpoint a first live sequence 0 makes the history complete")
  func firstIsZero() {
    var harness = TrackerHarness(replay: false)
    #expect(harness.state == .bootstrapping)
    harness.live(0)
    #expect(harness.announced == .live(.complete, replaying: false))
    #expect(harness.sequences == [0])
  }

  @Test("Without a replay endpoint a later first sequence means joined late")
  func firstIsLater() {
    var harness = TrackerHarness(replay: false)
    harness.live(7)
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
    #expect(harness.gaps == [0..<7])
    #expect(harness.requests == [])
  }

  @Test("A connection asks for a replay from 0 and holds live messages back until it ended")
  func replayFirst() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    #expect(harness.requests == [0])
    harness.live(2)
    harness.live(3)
    harness.replayed(0...2)
    #expect(harness.sequences == [0, 1, 2])
    #expect(harness.state == .bootstrapping)
    harness.end()
    #expect(harness.sequences == [0, 1, 2, 3])
    #expect(harness.drops == [.duplicate])
    #expect(harness.announced == .live(.complete, replaying: false))
  }

  @Test("An empty answer from 0 means that nothing was published, and is complete")
  func emptyAnswer() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.end()
    #expect(harness.state == .live(.complete, replaying: false))
    harness.live(0)
    #expect(harness.sequences == [0])
  }

  @Test("Messages between an empty answer and the first live one are asked for once")
  func slowSubscription() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.end()
    harness.live(2)
    #expect(harness.requests == [0, 0])
    harness.replayed(0...2)
    harness.end()
    #expect(harness.sequences == [0, 1, 2])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("An engine whose ring is always empty ends joined late, not in a loop")
  func noRing() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.end()
    harness.live(5)
    harness.end()
    #expect(harness.sequences == [5])
    #expect(harness.requests == [0, 0])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("A ring that begins later than asked leaves the history joined late, asked for once")
  func wrappedRing() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed(61...68)
    harness.end()
    harness.live(69)
    #expect(harness.requests == [0])
    #expect(harness.gaps == [0..<61])
    #expect(harness.sequences == Array(61...69))
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("Held messages older than the ring are delivered before it")
  func heldBeforeRing() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    for sequence in UInt64(0)...6 { harness.live(sequence) }
    harness.replayed(5...8)
    harness.end()
    #expect(harness.sequences == Array(0...8))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A hole inside an answer is declared and not asked for again")
  func hole() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed([0, 1, 4])
    harness.end()
    #expect(harness.gaps == [2..<4])
    #expect(harness.requests == [0])
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }

  @Test("A live message that comes before the notice of its connection implies the connection")
  func impliedConnection() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.live(0)
    harness.connect()
    #expect(harness.requests == [0])
    harness.replayed([0])
    harness.end()
    #expect(harness.sequences == [0])
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("The end marker is never a data sequence")
  func endMarker() {
    var harness = TrackerHarness(replay: true, delivered: 1)
    harness.live(.max)
    #expect(harness.drops == [.notData])
    harness.live(3)
    harness.replayed([.max])
    #expect(harness.drops == [.notData, .notData])
    #expect(harness.sequences == [0])
  }

  @Test("Held messages beyond the limit are asked for when the replay ended, even if none follows")
  func holdOverflow() {
    var harness = TrackerHarness(replay: true, heldMessagesMax: 2, connected: false)
    harness.connect()
    for sequence in UInt64(1)...4 { harness.live(sequence) }
    #expect(harness.drops == [.holdFull, .holdFull])
    harness.replayed([0])
    harness.end()
    #expect(harness.sequences == [0, 1, 2])
    #expect(harness.requests == [0, 2])
    harness.replayed(2...4)
    harness.end()
    #expect(harness.sequences == Array(0...4))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A failed replay is tried again with growing pauses, then the held messages are released")
  func failedReplay() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.live(3)
    harness.fail()
    #expect(harness.tracker.wakesAtNanoseconds == 100)
    harness.tick()
    harness.fail()
    #expect(harness.tracker.wakesAtNanoseconds == 300)
    harness.tick()
    #expect(harness.sequences == [])
    harness.fail()
    #expect(harness.requests == [0, 0, 0])
    #expect(harness.sequences == [3])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
    harness.live(5)
    #expect(harness.requests.count == 3)
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }

  @Test("A replay that fails in the middle goes on from what came")
  func resumedReplay() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed(0...4)
    harness.fail()
    harness.tick()
    #expect(harness.requests == [0, 4])
    harness.replayed(4...6)
    harness.end()
    #expect(harness.sequences == Array(0...6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A replay that failed for good leaves the end unknown until the next live message fits")
  func unknownTail() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed(0...4)
    for _ in 0..<3 {
      harness.fail()
      harness.tick()
    }
    #expect(harness.state == .live(.incomplete(.replayFailed), replaying: false))
    harness.live(5)
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("Answers without an open exchange are dropped, and so is a second end")
  func lateAnswers() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.replayed(0...5)
    harness.end()
    harness.fail()
    #expect(harness.sequences == [0, 1, 2])
    #expect(harness.drops == Array(repeating: .stale, count: 6))
    #expect(harness.state == .live(.complete, replaying: false))
  }

  @Test("A replay answered twice delivers each message once")
  func answeredTwice() {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.connect()
    harness.replayed(0...3)
    harness.replayed(0...3)
    harness.end()
    #expect(harness.sequences == Array(0...3))
    #expect(harness.state == .live(.complete, replaying: false))
  }
}
