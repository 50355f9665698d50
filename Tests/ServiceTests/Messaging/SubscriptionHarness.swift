import KVIndexer
import Service

/// Collects deliveries, and lets a test wait until they are what it expects.
final class DeliveryRecorder: @unchecked Sendable {
  private let condition = ConditionLock()
  private var deliveries: [Delivery] = []
  private var refusals = 0

  /// What a loop calls.
  func accept(_ delivery: Delivery) -> Bool {
    condition.withLock {
      if delivery.batchByteCount != nil, refusals > 0 {
        refusals -= 1
        return false
      }
      deliveries.append(delivery)
      condition.broadcast()
      return true
    }
  }

  /// Refuses the next batches.
  func refuse(_ count: Int) { condition.withLock { refusals = count } }

  var all: [Delivery] { condition.withLock { deliveries } }

  /// Waits until `isDone` holds for all deliveries so far, or the time is over.
  func wait(milliseconds: UInt64 = 60_000, until isDone: ([Delivery]) -> Bool) -> Bool {
    let deadline = MonotonicClock.nowNanoseconds() + milliseconds * 1_000_000
    return condition.withLock {
      while !isDone(deliveries) {
        guard condition.wait(untilNanoseconds: deadline) else { return isDone(deliveries) }
      }
      return true
    }
  }

  func wait(for state: TrackerState, source: SourceID = SourceID(0)) -> Bool {
    wait { $0.lastState(of: source) == state }
  }

  func wait(forBatches count: Int, source: SourceID = SourceID(0)) -> Bool {
    wait { $0.batches(of: source).count >= count }
  }
}

extension BidirectionalCollection<Delivery> {
  func lastState(of source: SourceID) -> TrackerState? {
    for delivery in reversed() where delivery.source == source {
      if case .state(let state) = delivery.content { return state }
    }
    return nil
  }

  /// The batches of the last incarnation.
  func batches(of source: SourceID) -> [(sequence: UInt64, payload: [UInt8])] {
    let incarnation = last { $0.source == source }?.incarnation
    return compactMap { delivery in
      guard delivery.source == source, delivery.incarnation == incarnation,
        case .batch(let sequence, let payload, _) = delivery.content
      else { return nil }
      return (sequence, payload)
    }
  }

  func sequences(of source: SourceID = SourceID(0)) -> [UInt64] {
    batches(of: source).map(\.sequence)
  }

  var incarnationCauses: [IncarnationCause] {
    compactMap { delivery in
      guard case .newIncarnation(let cause) = delivery.content else { return nil }
      return cause
    }
  }
}

/// A loop with a recorder, and settings that make faults show soon.
struct SubscriptionHarness {
  let recorder = DeliveryRecorder()
  let loop: SubscriptionLoop

  init(_ adjust: (inout SubscriptionSettings) -> Void = { _ in }) {
    var settings = SubscriptionSettings()
    settings.reconnectMilliseconds = 10
    settings.reconnectMillisecondsMax = 50
    settings.replayRetryMilliseconds = 20
    settings.quietMilliseconds = 50
    adjust(&settings)
    loop = SubscriptionLoop(
      settings: settings, SubscriptionOutlet { [recorder] in recorder.accept($0) })
    loop.start()
  }

  func counters(of source: SourceID = SourceID(0)) -> SubscriptionCounters {
    loop.snapshot(of: source)?.counters ?? SubscriptionCounters()
  }
}

extension EventPublisher {
  /// A publisher on ports that the system chooses, or on those of an earlier one.
  static func local(
    replay: Bool = true, like earlier: EventPublisher? = nil,
    _ adjust: (inout EventPublisher.Settings) -> Void = { _ in }
  ) throws -> EventPublisher {
    let port = "tcp://127.0.0.1:*"
    var settings = EventPublisher.Settings(
      endpoint: earlier?.endpoint ?? port,
      replayEndpoint: replay ? earlier?.replayEndpoint ?? port : nil)
    settings.topic = "kv@test"
    adjust(&settings)
    return try EventPublisher(settings)
  }

  func publish(_ payloads: some Sequence<String>, isLost: Bool = false) {
    for payload in payloads { publish(Array(payload.utf8), isLost: isLost) }
  }

  func target(_ source: SourceID = SourceID(0)) -> SubscriptionTarget {
    SubscriptionTarget(source: source, endpoint: endpoint, replayEndpoint: replayEndpoint)
  }
}

/// The payloads of a run of messages, different for each life of an engine.
func payloads(_ range: Range<Int>, life: Int = 0) -> [String] {
  range.map { "life \(life) message \($0)" }
}
