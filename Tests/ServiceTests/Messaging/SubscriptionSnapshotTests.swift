import KVIndexer
import Service
import Simulation
import Testing

/// Snapshots of engines over real sockets.
@Suite("Snapshots over loopback", .serialized)
struct SubscriptionSnapshotTests {
  private let source = SourceID(0)
  private let late = TrackerState.live(.incomplete(.joinedLate), replaying: false)
  private let complete = TrackerState.live(.complete, replaying: false)

  /// An engine with a history that its ring has lost.
  private func engine(offers: Bool) throws -> PublishedEngine {
    let engine = try PublishedEngine {
      $0.bufferSteps = 4
      if offers { $0.snapshots = EventEncoder(generation: .v032) }
    }
    engine.store(0..<30)
    return engine
  }

  private func snapshots(_ deliveries: [Delivery]) -> [CacheSnapshot] {
    deliveries.compactMap { delivery in
      guard case .snapshot(let snapshot, _) = delivery.content else { return nil }
      return snapshot
    }
  }

  @Test("What the ring has lost is told by the engine, once; the live stream goes on behind it")
  func taken() throws {
    let engine = try engine(offers: true)
    defer { engine.publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(engine.publisher.target())
    #expect(harness.recorder.wait(for: complete))
    engine.store(30..<33)
    #expect(harness.recorder.wait { $0.sequences() == [30, 31, 32] })
    let deliveries = harness.recorder.all
    #expect(snapshots(deliveries).map(\.resume) == [30])
    #expect(deliveries.last?.incarnation == Incarnation(1))
    let place = deliveries.firstIndex { !snapshots([$0]).isEmpty } ?? 0
    #expect(deliveries[..<place].lastState(of: source) == .bootstrapping)
    try Deadline.wait { harness.counters().snapshotsTaken == 1 }
    #expect(harness.counters().snapshotsRequested == 1)
  }

  @Test("An engine that knows nothing of snapshots answers with the end, and is asked once")
  func notOffered() throws {
    let engine = try engine(offers: false)
    defer { engine.publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(engine.publisher.target())
    try Deadline.wait { harness.counters().snapshotsNotOffered == 1 }
    #expect(harness.recorder.wait(for: late))
    engine.store(30..<33)
    #expect(harness.recorder.wait(forBatches: 7))
    #expect(harness.counters().snapshotsRequested == 1)
    #expect(snapshots(harness.recorder.all).isEmpty)
  }

  @Test("A snapshot beyond its bound is given up, and what is known stays")
  func tooLarge() throws {
    let engine = try engine(offers: true)
    defer { engine.publisher.stop() }
    let harness = SubscriptionHarness { $0.snapshotBytesMax = 1_000 }
    defer { harness.loop.stop() }
    try harness.loop.add(engine.publisher.target())
    try Deadline.wait { harness.counters().snapshotsFailed == 3 }
    #expect(harness.recorder.wait(for: late))
    engine.store(30..<31)
    #expect(harness.recorder.wait { $0.sequences() == [26, 27, 28, 29, 30] })
    #expect(harness.counters().replaysFailed == 0)
    #expect(harness.recorder.all.incarnationCauses.isEmpty)
  }

  @Test("A lost connection is no reason to ask again, as long as the ring proves the engine")
  func reconnected() throws {
    let engine = try engine(offers: true)
    defer { engine.publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(engine.publisher.target())
    try #require(harness.recorder.wait(for: complete))
    engine.publisher.dropConnections()
    try Deadline.wait { harness.counters().disconnections > 0 }
    #expect(harness.recorder.wait(for: complete))
    engine.store(30..<32)
    #expect(harness.recorder.wait { $0.sequences() == [30, 31] })
    #expect(harness.counters().snapshotsRequested == 1)
  }
}
