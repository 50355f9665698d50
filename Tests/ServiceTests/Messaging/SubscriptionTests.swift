import KVIndexer
import Service
import Testing

@Suite("Subscription over loopback", .serialized)
struct SubscriptionTests {
  private let source = SourceID(0)
  private let complete = TrackerState.live(.complete, replaying: false)

  @Test(
    "What was published before the subscription comes by replay, whichever form it has",
    arguments: [true, false])
  func bootstrap(replaysTopic: Bool) throws {
    let publisher = try EventPublisher.local { $0.replaysTopic = replaysTopic }
    defer { publisher.stop() }
    publisher.publish(payloads(0..<500))
    publisher.flush()
    let harness = SubscriptionHarness { $0.quietMilliseconds = 3_600_000 }
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    #expect(harness.recorder.wait(for: complete))
    let batches = harness.recorder.all.batches(of: source)
    #expect(batches.map(\.sequence) == Array(0..<500))
    #expect(batches.map { String(decoding: $0.payload, as: UTF8.self) } == payloads(0..<500))
    #expect(harness.counters().replaysComplete == 1)
  }

  @Test("What the ring says again is no sign of life")
  func repetition() throws {
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    publisher.publish(payloads(0..<5))
    publisher.flush()
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    #expect(harness.recorder.wait(for: complete))
    try Deadline.wait { harness.counters().deliveredMessages == 5 }
    let known = harness.counters()
    #expect(known.lastSequence == 4)
    // Nothing is heard, so the ring is asked again and again.
    try Deadline.wait { harness.counters().duplicates >= known.duplicates + 3 }
    #expect(harness.counters().lastReceivedNanoseconds == known.lastReceivedNanoseconds)
    publisher.publish(payloads(5..<6))
    try Deadline.wait { harness.counters().lastSequence == 5 }
    let now = harness.counters()
    #expect(now.lastReceivedNanoseconds.map { $0 > known.lastReceivedNanoseconds ?? .max } == true)
  }

  @Test("Messages lost on the way come by replay, in order")
  func gap() throws {
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    try #require(harness.recorder.wait(for: complete))
    publisher.publish(payloads(0..<3))
    try #require(harness.recorder.wait(forBatches: 3))
    publisher.publish(payloads(3..<6), isLost: true)
    publisher.publish(payloads(6..<8))
    #expect(harness.recorder.wait(forBatches: 8))
    #expect(harness.recorder.wait(for: complete))
    #expect(harness.recorder.all.sequences() == Array(0..<8))
    try Deadline.wait { harness.counters().deliveredMessages == 8 }
    let counters = harness.counters()
    #expect(counters.gaps == 0)
    #expect(counters.replaysRequested >= 2)
    #expect(harness.loop.snapshot(of: source)?.topic == "kv@test")
  }

  @Test("What a wrapped ring no longer has is a late join, and asked for once")
  func wrappedRing() throws {
    let publisher = try EventPublisher.local { $0.bufferSteps = 8 }
    defer { publisher.stop() }
    publisher.publish(payloads(0..<69))
    publisher.flush()
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    #expect(harness.recorder.wait(for: .live(.incomplete(.joinedLate), replaying: false)))
    publisher.publish(payloads(69..<70))
    #expect(harness.recorder.wait(forBatches: 9))
    #expect(harness.recorder.all.sequences() == Array(61..<70))
    let counters = harness.counters()
    #expect(counters.missedBeforeJoining == 61)
    // The checks of the ring ask for what it has.
    #expect(counters.replaysPartial == 1)
  }

  @Test("A restarted engine is a new incarnation with a history of its own")
  func restart() throws {
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    let first = try EventPublisher.local()
    first.publish(payloads(0..<5))
    first.flush()
    try harness.loop.add(first.target())
    try #require(harness.recorder.wait(for: complete))
    first.stop()
    try #require(
      harness.recorder.wait {
        if case .disconnected = $0.lastState(of: source) { true } else { false }
      })
    let second = try EventPublisher.local(like: first)
    defer { second.stop() }
    second.publish(payloads(0..<7, life: 1))
    #expect(harness.recorder.wait { $0.incarnationCauses == [.historyDiffers] })
    #expect(harness.recorder.wait(forBatches: 7))
    #expect(harness.recorder.wait(for: complete))
    let batches = harness.recorder.all.batches(of: source)
    #expect(batches.map { String(decoding: $0.payload, as: UTF8.self) } == payloads(0..<7, life: 1))
    #expect(harness.recorder.all.last?.incarnation == Incarnation(1))
  }

  @Test("An engine that proves to be the same after a reconnection keeps its incarnation")
  func reconnect() throws {
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    publisher.publish(payloads(0..<5))
    try harness.loop.add(publisher.target())
    try #require(harness.recorder.wait(for: complete))
    publisher.dropConnections()
    try #require(
      harness.recorder.wait {
        if case .disconnected = $0.lastState(of: source) { true } else { false }
      })
    publisher.publish(payloads(5..<9))
    #expect(harness.recorder.wait { $0.sequences() == Array(0..<9) })
    #expect(harness.recorder.wait(for: complete))
    try Deadline.wait { harness.counters().connections == 2 }
    #expect(harness.recorder.all.incarnationCauses == [])
  }

  @Test("An engine may connect to an endpoint of ours, and be replaced by another")
  func bound() throws {
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(
      SubscriptionTarget(source: source, endpoint: "tcp://127.0.0.1:*", isBound: true))
    let endpoint = try #require(harness.loop.snapshot(of: source)).endpoint
    for life in 0..<2 {
      var settings = EventPublisher.Settings(endpoint: endpoint)
      settings.isBound = false
      let publisher = try EventPublisher(settings)
      // The subscription takes a moment to reach a publisher that connects.
      var count = 0
      while !harness.recorder.wait(milliseconds: 2, until: { $0.hasBatch(ofLife: life) }) {
        publisher.publish(payloads(count..<(count + 1), life: life))
        publisher.flush()
        count += 1
      }
      publisher.stop()
      #expect(
        harness.recorder.wait {
          if case .disconnected = $0.lastState(of: source) { true } else { false }
        })
    }
    #expect(harness.recorder.all.incarnationCauses == [.unproven])
    try Deadline.wait { harness.counters().connections == 2 }
  }

  @Test("A refused batch is asked for again once the consumer has had time")
  func overflowRecovered() throws {
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    try #require(harness.recorder.wait(for: complete))
    harness.recorder.refuse(1)
    publisher.publish(payloads(0..<20))
    #expect(harness.recorder.wait(forBatches: 20))
    #expect(harness.recorder.wait(for: complete))
    #expect(harness.recorder.all.sequences() == Array(0..<20))
    try Deadline.wait { harness.counters().overflows == 1 }
  }

  @Test("A batch refused again is declared lost by overflow")
  func overflowLost() throws {
    let publisher = try EventPublisher.local()
    defer { publisher.stop() }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    try #require(harness.recorder.wait(for: complete))
    harness.recorder.refuse(3)
    publisher.publish(payloads(0..<20))
    #expect(harness.recorder.wait(for: .live(.incomplete(.overflow), replaying: false)))
    #expect(harness.recorder.wait { $0.sequences().last == 19 })
    // Counters are published after a turn of the loop, so they may trail the deliveries.
    try Deadline.wait { harness.counters().overflows == 3 }
    try Deadline.wait { harness.counters().lostMessages > 0 }
  }

  @Test("A clear reported by the consumer heals an incomplete history")
  func clearHeals() throws {
    let publisher = try EventPublisher.local { $0.bufferSteps = 2 }
    defer { publisher.stop() }
    publisher.publish(payloads(0..<5))
    publisher.flush()
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(publisher.target())
    try #require(harness.recorder.wait(for: .live(.incomplete(.joinedLate), replaying: false)))
    harness.loop.historyCleared(source, Incarnation(7), sequence: 4)
    harness.loop.historyCleared(source, Incarnation(0), sequence: 4)
    #expect(harness.recorder.wait(for: complete))
    harness.loop.undecodable(source, Incarnation(0), sequence: 4)
    #expect(harness.recorder.wait(for: .live(.incomplete(.undecodable), replaying: false)))
  }

  @Test("A replay endpoint that never answers fails a bounded number of times")
  func silentReplay() throws {
    let silent = try ZMQSocket(.router, in: ZMQContext())
    defer { withExtendedLifetime(silent) {} }
    try silent.bind("tcp://127.0.0.1:*")
    let publisher = try EventPublisher.local(replay: false)
    defer { publisher.stop() }
    let harness = SubscriptionHarness {
      $0.replayTimeoutMilliseconds = 30
      $0.replayAttemptsMax = 2
    }
    defer { harness.loop.stop() }
    var target = publisher.target()
    target.replayEndpoint = silent.lastEndpoint
    try harness.loop.add(target)
    #expect(harness.recorder.wait(for: .live(.incomplete(.replayFailed), replaying: false)))
    publisher.publish(payloads(0..<2))
    #expect(harness.recorder.wait(for: complete))
    #expect(harness.recorder.wait(forBatches: 2))
    try Deadline.wait { harness.counters().replaysFailed == 2 }
  }

  @Test("Two sources keep their order while both are busy, and a removed one says so last")
  func twoSources() throws {
    let publishers = [try EventPublisher.local(), try EventPublisher.local()]
    defer { for publisher in publishers { publisher.stop() } }
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    for (index, publisher) in publishers.enumerated() {
      try harness.loop.add(publisher.target(SourceID(index)))
      try #require(harness.recorder.wait(for: complete, source: SourceID(index)))
    }
    for _ in 0..<3_000 {
      for publisher in publishers { publisher.publish(payloads(0..<1)) }
    }
    for index in 0..<2 {
      #expect(harness.recorder.wait(forBatches: 3_000, source: SourceID(index)))
      #expect(harness.recorder.all.sequences(of: SourceID(index)) == Array(0..<3_000))
    }
    harness.loop.remove(SourceID(0))
    #expect(harness.recorder.wait { $0.last?.content == .removed })
    #expect(harness.loop.snapshot(of: SourceID(0)) == nil)
    try harness.loop.add(publishers[0].target(SourceID(0)))
    #expect(harness.recorder.wait { $0.sequences(of: SourceID(0)).count == 6_000 })
  }

  @Test("Messages of other shapes are counted and skipped")
  func malformed() throws {
    let publisher = try ZMQSocket(.publisher, in: ZMQContext())
    defer { withExtendedLifetime(publisher) {} }
    try publisher.bind("tcp://127.0.0.1:*")
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    try harness.loop.add(SubscriptionTarget(source: source, endpoint: publisher.lastEndpoint))
    // Until the subscription has reached the publisher, nothing arrives.
    var sequence: UInt64 = 0
    while !harness.recorder.wait(milliseconds: 2, until: { !$0.sequences().isEmpty }) {
      publisher.send([[], sequence.sequenceFrame, [1]])
      sequence += 1
    }
    publisher.send([[1]])
    publisher.send([[1], [2], [3], [4]])
    publisher.send([[1], [2], [3], [4], [5], [6], [7]])
    publisher.send([[], UInt64.max.sequenceFrame, []])
    publisher.send([[], [], [1]])
    publisher.send([[], [1, 2, 3, 4, 5, 6, 7, 8, 9], [1]])
    publisher.send([sequence.sequenceFrame, [42]])
    #expect(
      harness.recorder.wait { $0.batches(of: source).last?.payload == [42] })
    publisher.send([[], UInt64(0).sequenceFrame, [43]])
    #expect(harness.recorder.wait { $0.incarnationCauses == [.sequenceRegressed] })
    #expect(harness.recorder.wait(for: complete))
    try Deadline.wait { harness.counters().malformedMessages == 6 }
  }

  @Test("An endpoint that makes no sense is an error at once")
  func badEndpoint() throws {
    let harness = SubscriptionHarness()
    defer { harness.loop.stop() }
    #expect(throws: ZMQError.self) {
      try harness.loop.add(SubscriptionTarget(source: source, endpoint: "nonsense"))
    }
  }
}

extension [Delivery] {
  fileprivate func hasBatch(ofLife life: Int) -> Bool {
    contains { delivery in
      guard case .batch(_, let payload, _) = delivery.content else { return false }
      return String(decoding: payload, as: UTF8.self).hasPrefix("life \(life) ")
    }
  }
}
