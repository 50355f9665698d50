import KVIndexer
import Service
import Testing

/// Replays that bring more than the consumer has room for.
@Suite("Replays wait for room", .serialized)
struct ReplayRoomTests {
  private static let messages = 200

  /// A loop before a tiny queue that is emptied by the test, and a publisher with a history.
  private struct Stage {
    let publisher: EventPublisher
    let queue: IngestQueue
    let loop: SubscriptionLoop

    init(_ adjust: (inout SubscriptionSettings) -> Void = { _ in }) throws {
      publisher = try EventPublisher.local()
      publisher.publish(payloads(0..<ReplayRoomTests.messages))
      publisher.flush()
      var limits = IngestQueue.Limits()
      limits.sourceBatchesMax = 2
      let queue = IngestQueue(limits: limits)
      self.queue = queue
      var outlet = SubscriptionOutlet { queue.push($0) }
      outlet.hasRoom = { queue.hasRoom(for: $0, bytes: $1) }
      var settings = SubscriptionSettings()
      settings.replayRetryMilliseconds = 5
      settings.replayJitterMilliseconds = 1
      settings.quietMilliseconds = 3_600_000
      adjust(&settings)
      let loop = SubscriptionLoop(settings: settings, outlet)
      self.loop = loop
      queue.onRoom { loop.noteRoom() }
      loop.start()
      try loop.add(publisher.target())
    }

    func stop() {
      loop.stop()
      publisher.stop()
    }

    var counters: SubscriptionCounters {
      loop.snapshot(of: SourceID(0))?.counters ?? SubscriptionCounters()
    }

    /// Waits until the replay has filled the queue.
    func waitForHalt() throws { try Deadline.wait { counters.roomWaits > 0 } }

    /// Empties the queue until the source is in a state that lasts.
    func takeAll() -> [Delivery] {
      var all: [Delivery] = []
      var taken: [Delivery] = []
      while queue.take(into: &taken) {
        all += taken
        if case .live(_, replaying: false) = all.lastState(of: SourceID(0)) { break }
      }
      return all
    }
  }

  @Test("All of it comes, however small the queue is, and nothing is refused")
  func paced() throws {
    let stage = try Stage()
    defer { stage.stop() }
    try stage.waitForHalt()
    let all = stage.takeAll()
    #expect(all.sequences() == (0..<UInt64(Self.messages)).map { $0 })
    #expect(all.lastState(of: SourceID(0)) == .live(.complete, replaying: false))
    #expect(stage.counters.overflows == 0)
    #expect(stage.counters.replaysRequested == 1)
  }

  @Test("The time of a replay stands still while it waits")
  func time() throws {
    let stage = try Stage {
      $0.replayTimeoutMilliseconds = 2_000
      $0.replayLimitMilliseconds = 2_000
    }
    defer { stage.stop() }
    try stage.waitForHalt()
    let halted = MonotonicClock.nowNanoseconds()
    try Deadline.wait { MonotonicClock.nowNanoseconds() > halted + 2_500_000_000 }
    let all = stage.takeAll()
    #expect(all.sequences() == (0..<UInt64(Self.messages)).map { $0 })
    #expect(stage.counters.replaysFailed == 0)
  }

  @Test("A replay that waits for too long is given up")
  func bound() throws {
    let stage = try Stage { $0.roomWaitMilliseconds = 10 }
    defer { stage.stop() }
    try Deadline.wait { stage.counters.replaysFailed == 3 }
    try Deadline.wait { stage.loop.replays == (open: 0, waiting: 0) }
    #expect(stage.counters.overflows == 0)
  }
}
