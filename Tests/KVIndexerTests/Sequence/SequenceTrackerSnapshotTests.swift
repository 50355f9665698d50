import KVIndexer
import Testing

@Suite("Sequence tracker: snapshots of engines")
struct SequenceTrackerSnapshotTests {
  private let late = TrackerState.live(.incomplete(.joinedLate), replaying: false)
  private let complete = TrackerState.live(.complete, replaying: false)

  /// A source that joined an engine whose ring has 10...12, and has asked for a snapshot.
  private func joined(offers: Bool = true) -> TrackerHarness {
    var harness = TrackerHarness(replay: true, connected: false)
    harness.offersSnapshots = offers
    harness.connect()
    harness.answer(10...12)
    return harness
  }

  @Test func `It is asked for only where the ring has not the whole history`() {
    var whole = TrackerHarness(replay: true, connected: false)
    whole.connect()
    whole.answer(0...12)
    #expect(whole.snapshotRequests == 0)
    #expect(joined().snapshotRequests == 1)
    var gap = TrackerHarness(replay: true, delivered: 5)
    gap.live(9)
    gap.answer(8...9)
    #expect(gap.state == .live(.incomplete(.gap), replaying: false))
    #expect(gap.snapshotRequests == 1)
    var unaided = TrackerHarness(replay: false)
    unaided.live(5)
    #expect(unaided.state == late && unaided.snapshotRequests == 0)
  }

  @Test func `An engine that answers with the end alone is not asked again`() {
    var harness = joined(offers: false)
    #expect(harness.state == late)
    harness.live(13)
    harness.live(15)
    harness.answer([15])
    #expect(harness.delivered.map(\.sequence) == [10, 11, 12, 13, 15])
    #expect(harness.snapshotRequests == 1)
    harness.resync(.requested)
    harness.answer([15])
    #expect(harness.snapshotRequests == 2)
  }

  @Test func `What is known stays as it was until the snapshot is proven`() {
    var harness = joined()
    harness.live(13)
    harness.live(14)
    #expect(harness.sequences == [10, 11, 12])
    #expect(harness.state == .live(.incomplete(.joinedLate), replaying: true))
    harness.snapshot(resume: 14)
    #expect(harness.requests.last == 12)
    #expect(harness.snapshotEnd == nil)
    harness.replayed([12])
    #expect(harness.snapshotEnd == nil)
    harness.replayed([13])
    let last = Sighting(life: 0, sequence: 13)
    #expect(harness.snapshotEnd == .init(sequence: 13, digest: last.digest))
    #expect(harness.state == .bootstrapping)
    harness.replayed([14])
    harness.end()
    #expect(harness.sequences == [14])
    #expect(harness.state == complete && harness.held.isEmpty)
    harness.live(15)
    #expect(harness.sequences == [14, 15])
  }

  @Test func `A snapshot of an engine at rest needs no message after it`() {
    var harness = joined()
    harness.snapshot(resume: 13)
    harness.answer([12])
    #expect(harness.state == complete)
    #expect(harness.snapshotEnd?.sequence == 12)
    harness.live(13)
    #expect(harness.sequences == [13])
  }

  @Test func `What was lost between the snapshot and the live stream is fetched`() {
    var harness = joined()
    harness.snapshot(resume: 13)
    harness.replayed([12])
    harness.live(16)
    harness.end()
    #expect(harness.requests.last == 12)
    harness.answer(12...16)
    #expect(harness.sequences == [13, 14, 15, 16])
    #expect(harness.state == complete)
  }

  @Test func `A snapshot that resumes before what was delivered is another engine's`() {
    var harness = joined()
    harness.snapshot(resume: 12)
    #expect(harness.requests == [0])
    #expect(harness.state == late)
    harness.live(13)
    #expect(harness.sequences == [10, 11, 12, 13])
    #expect(harness.snapshotRequests == 1)
  }

  @Test func `A ring of another engine behind the snapshot is a restart`() {
    var harness = joined()
    harness.snapshot(resume: 20)
    harness.replayed([12], life: 1)
    #expect(harness.incarnations == [.historyDiffers])
    #expect(harness.requests.last == 0)
    harness.answer(0...30, life: 1)
    #expect(harness.snapshotEnd == nil)
    #expect(harness.delivered.map(\.life) == Array(repeating: 1, count: 31))
    #expect(harness.state == complete)
  }

  @Test(arguments: [[13, 14, 15], [12, 14, 15], [12], []] as [[UInt64]])
  func `Without a proof it is dropped, and asked for again after a pause`(answer: [UInt64]) {
    var harness = joined()
    harness.live(13)
    harness.snapshot(resume: 14)
    harness.answer(answer)
    #expect(harness.snapshotEnd == nil && harness.incarnations.isEmpty)
    #expect(harness.sequences == [10, 11, 12, 13])
    #expect(harness.state == late)
    #expect(harness.snapshotRequests == 1)
    harness.tick()
    #expect(harness.snapshotRequests == 2)
    harness.snapshot(resume: 14)
    harness.answer([13])
    #expect(harness.state == complete)
  }

  @Test func `A snapshot that fails three times is not asked for again`() {
    var harness = joined()
    for attempt in 1...3 {
      #expect(harness.snapshotRequests == attempt)
      harness.live(UInt64(12 + attempt))
      harness.fail()
      #expect(harness.held.isEmpty)
      harness.tick()
    }
    #expect(harness.snapshotRequests == 3)
    #expect(harness.tracker.wakesAtNanoseconds == nil)
    #expect(harness.sequences == Array(10...15))
    // It says nothing about replays.
    harness.live(17)
    #expect(harness.requests.last == 15)
  }

  @Test func `A lost connection ends it, and the next one begins anew`() {
    var harness = joined()
    harness.snapshot(resume: 13)
    harness.disconnect()
    #expect(harness.cancelled == 1)
    harness.connect()
    harness.answer([12])
    #expect(harness.snapshotRequests == 2)
    harness.snapshot(resume: 13)
    harness.answer([12])
    #expect(harness.state == complete)
  }

  @Test func `After a reconnection its last message proves the engine; else it is asked again`() {
    for isSame in [true, false] {
      var harness = joined()
      harness.snapshot(resume: 13)
      harness.answer([12])
      harness.disconnect()
      harness.connect()
      #expect(harness.requests.last == 12)
      harness.answer(isSame ? 12...14 : 13...14)
      if isSame {
        #expect(harness.sequences == [13, 14] && harness.state == complete)
      } else {
        #expect(harness.incarnations == [.unproven])
        #expect(harness.snapshotRequests == 2)
      }
    }
  }

  @Test func `A word for an empty cache makes it superfluous`() {
    var harness = joined()
    harness.snapshot(resume: 13)
    #expect(harness.fence() == .set)
    #expect(harness.cancelled == 1)
    #expect(harness.state == complete)
    harness.replayed([12])
    #expect(harness.snapshotEnd == nil)
  }

  @Test func `A cleared cache in between makes it superfluous`() {
    var harness = joined()
    harness.tracker.historyCleared(at: 12)
    harness.drain()
    harness.snapshot(resume: 13)
    #expect(harness.requests == [0])
    #expect(harness.state == complete && harness.snapshotEnd == nil)
  }

  @Test func `A message behind it that is refused is fetched again`() {
    var harness = joined()
    harness.snapshot(resume: 13)
    harness.replayed([12])
    harness.refusals = 1
    harness.replayed([13])
    #expect(harness.state == .bootstrapping)
    harness.tick()
    #expect(harness.requests.last == 12)
    harness.answer(12...13)
    #expect(harness.sequences == [13])
    #expect(harness.state == complete)
  }
}
