package import KVIndexer

/// The bounded queue between the subscription loop and the thread that applies deliveries.
///
/// Batches are limited for each source by count and bytes, so that one source can't take the room
/// of the others, and by bytes for all together. Everything else is always accepted: it is rare,
/// small, and must not be lost.
package final class IngestQueue: @unchecked Sendable {
  package struct Limits: Sendable, Equatable {
    package var sourceBatchesMax = 16_384
    package var sourceBytesMax = 64 << 20
    package var bytesMax = 1 << 30

    package init() {}
  }

  private struct Load {
    var batches = 0
    var bytes = 0

    mutating func add(_ bytes: Int) {
      batches += 1
      self.bytes += bytes
    }
  }

  private let limits: Limits
  private let condition = ConditionLock()
  private var deliveries: [Delivery] = []
  private var loads: [SourceID: Load] = [:]
  private var byteCount = 0
  private var refusedCount: UInt64 = 0
  private var isClosed = false
  private var isInterrupted = false
  private var isRoomAwaited = false
  private var roomMade: (@Sendable () -> Void)?

  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Appends a delivery, or refuses a batch for which there is no room.
  ///
  /// - Returns: Whether it was taken; always after `close()`, when it is forgotten.
  package func push(_ delivery: Delivery) -> Bool {
    condition.withLock {
      guard !isClosed else { return true }
      if let bytes = delivery.batchByteCount, !fits(bytes, of: delivery.source) {
        refusedCount += 1
        return false
      }
      if let bytes = delivery.byteCount {
        loads[delivery.source, default: Load()].add(bytes)
        byteCount += bytes
      }
      deliveries.append(delivery)
      if deliveries.count == 1 { condition.broadcast() }
      return true
    }
  }

  /// Whether a batch would be taken now.
  ///
  /// Where it would not, `onRoom` is called once it may be. Where it would, that stays so until the
  /// next `push`: what is taken only makes more room.
  package func hasRoom(for source: SourceID, bytes: Int) -> Bool {
    condition.withLock {
      let hasRoom = isClosed || fits(bytes, of: source)
      isRoomAwaited = isRoomAwaited || !hasRoom
      return hasRoom
    }
  }

  /// Has `body` called when there is room again that somebody was told there is not.
  package func onRoom(_ body: @escaping @Sendable () -> Void) {
    condition.withLock { roomMade = body }
  }

  private func fits(_ bytes: Int, of source: SourceID) -> Bool {
    let load = loads[source] ?? Load()
    // A source without any load may send a batch that is over its limit by itself.
    let hasShare =
      load.batches == 0
      || load.batches < limits.sourceBatchesMax && load.bytes + bytes <= limits.sourceBytesMax
    return hasShare && (byteCount == 0 || byteCount + bytes <= limits.bytesMax)
  }

  /// Waits for deliveries and takes all there are, in order.
  ///
  /// What was taken no longer counts towards the limits, so at most twice their bytes are held.
  ///
  /// - Parameter batch: Replaced; give back the same array, so that its room is used again.
  /// - Returns: False once the queue is closed and empty. After `interrupt` there may be nothing.
  package func take(into batch: inout [Delivery]) -> Bool {
    batch.removeAll(keepingCapacity: true)
    let (goesOn, roomMade) = condition.withLock {
      while deliveries.isEmpty, !isClosed, !isInterrupted { condition.wait() }
      isInterrupted = false
      swap(&deliveries, &batch)
      loads.removeAll(keepingCapacity: true)
      byteCount = 0
      defer { isRoomAwaited = false }
      return (!batch.isEmpty || !isClosed, isRoomAwaited ? self.roomMade : nil)
    }
    roomMade?()
    return goesOn
  }

  /// Has `take` return, even with nothing.
  package func interrupt() {
    condition.withLock {
      isInterrupted = true
      condition.broadcast()
    }
  }

  /// Takes no more; what is in the queue can still be taken.
  package func close() {
    condition.withLock {
      isClosed = true
      condition.broadcast()
    }
  }

  /// Deliveries that wait, the payload bytes of their batches, and batches refused so far.
  package var statistics: (deliveries: Int, bytes: Int, refused: UInt64) {
    condition.withLock { (deliveries.count, byteCount, refusedCount) }
  }
}
