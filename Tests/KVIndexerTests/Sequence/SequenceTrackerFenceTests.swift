import KVIndexer
import Simulation
import Testing

@Suite("Sequence tracker: a cache that is said to be empty")
struct SequenceTrackerFenceTests {
  private let exact = TrackerState.live(.complete, replaying: false)

  @Test("What was lost before a fence no longer matters")
  func heals() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.live(5)
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
    #expect(harness.fence() == .set)
    #expect(harness.state == exact)
    #expect(harness.incarnations == [])
    harness.live(6)
    #expect(harness.sequences == [0, 1, 2, 5, 6])
    #expect(harness.state == exact)
    harness.live(8)
    #expect(harness.state == .live(.incomplete(.gap), replaying: false))
  }

  @Test("Messages that are held back for a replay are void, and the replay is called off")
  func whileReplaying() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(6)
    #expect(harness.state == .live(.complete, replaying: true))
    #expect(harness.fence() == .set)
    #expect(harness.cancelled == 1)
    #expect(harness.held == [])
    #expect(harness.state == exact)
    harness.live(7)
    #expect(harness.sequences == [0, 1, 2, 7])
    #expect(harness.state == exact)
  }

  @Test("After a reconnection the fence proves the engine, and nothing before it comes back")
  func reconnection() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.live(6)
    harness.fence()
    harness.disconnect()
    harness.connect()
    #expect(harness.requests.last == 6)
    harness.answer(6...8)
    #expect(harness.incarnations == [])
    #expect(harness.sequences == [0, 1, 2, 7, 8])
    #expect(harness.state == exact)
  }

  @Test("A resync goes back to the fence and not beyond")
  func resync() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.fence()
    harness.live(3)
    harness.resync(.drifted)
    #expect(harness.requests.last == 2)
    #expect(harness.state == .bootstrapping)
    harness.answer(2...4)
    #expect(harness.sequences == [3, 4])
    #expect(harness.state == exact)
  }

  @Test("A resync whose fence is another engine's begins at 0")
  func resyncAfterRestart() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.fence()
    harness.resync(.requested)
    harness.answer(2...5, life: 1)
    #expect(harness.requests.suffix(2) == [2, 0])
    harness.answer(0...5, life: 1)
    #expect(harness.delivered == (0...5).map { Sighting(life: 1, sequence: $0) })
    #expect(harness.state == exact)
  }

  @Test("A ring that no longer reaches back to the fence leaves a late join")
  func wrapped() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.fence()
    harness.resync(.requested)
    harness.answer(7...9)
    #expect(harness.sequences == [7, 8, 9])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: false))
  }

  @Test("A failed proof does not let the old messages in by the next connection")
  func failedProof() {
    var harness = TrackerHarness(replay: true, delivered: 3)
    harness.fence()
    harness.disconnect()
    harness.connect()
    for _ in 0..<3 {
      harness.fail()
      harness.tick()
    }
    #expect(harness.incarnations == [.unproven])
    harness.disconnect()
    harness.connect()
    #expect(harness.requests.last == 2)
    harness.answer(2...3)
    #expect(harness.sequences == [3])
    #expect(harness.state == exact)
  }

  @Test("A new engine that is below the fence is not mistaken for the old one")
  func restartBelow() {
    var harness = TrackerHarness(replay: false, delivered: 9)
    harness.fence()
    harness.disconnect()
    harness.connect()
    harness.live(0, life: 1)
    harness.live(1, life: 1)
    #expect(harness.state == exact)
    harness.tracker.undecodable(1)
    harness.drain()
    #expect(harness.state == .live(.incomplete(.undecodable), replaying: false))
  }

  @Test("What is found undecodable behind the fence is no fault of what follows")
  func lateVerdict() {
    var harness = TrackerHarness(replay: false, delivered: 3)
    harness.fence()
    harness.tracker.undecodable(2)
    harness.drain()
    #expect(harness.state == exact)
  }

  @Test("Without a place in the stream there is no fence")
  func refused() {
    var unconnected = TrackerHarness(replay: true, connected: false)
    #expect(unconnected.fence() == .notConnected)
    var fresh = TrackerHarness(replay: true)
    #expect(fresh.fence() == .nothingReceived)
    var returning = TrackerHarness(replay: true, delivered: 3)
    returning.disconnect()
    returning.connect()
    #expect(returning.fence() == .catchingUp)
  }

  /// One engine whose cache is emptied now and then without an event that says so.
  @Test("Nothing before the last fence is delivered after it", arguments: TestSeeds.upTo(200))
  func model(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var harness = TrackerHarness(replay: true)
    var end: UInt64 = 0
    var isConnected = true
    var floor: UInt64 = 0
    // Where what was delivered after the fence begins.
    var mark = (incarnations: 0, delivered: 0)
    for _ in 0..<300 {
      switch random.next() % 12 {
      case 0..<5:
        end += 1
        if isConnected, random.next() % 4 > 0 { harness.live(end - 1) }
      case 5:
        guard harness.fence() == .set else { continue }
        floor = harness.delivered.last.map { $0.sequence + 1 } ?? floor
        mark = (harness.incarnations.count, harness.delivered.count)
      case 6: harness.resync(.requested)
      case 7:
        isConnected ? harness.disconnect() : harness.connect()
        isConnected.toggle()
      case 8: harness.fail()
      case 9: harness.tick()
      default:
        guard isConnected, let start = harness.requests.last else { continue }
        harness.answer(start..<max(start, end))
      }
      let isSame = harness.incarnations.count == mark.incarnations
      let since = harness.delivered.dropFirst(isSame ? mark.delivered : 0)
      let late = since.filter { $0.sequence < floor }
      #expect(late.isEmpty, "\(late) are from before the fence at \(floor)")
    }
  }
}
