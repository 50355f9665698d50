import Service

/// Holds the index's lock until it ends, which is what a stalled ingest thread amounts to.
final class IndexStall: @unchecked Sendable {
  private let condition = ConditionLock()
  private var isHeld = false
  private var isOver = false
  private var thread: WorkerThread?

  /// Returns when the lock is held.
  init(_ fleet: SharedFleet) {
    thread = WorkerThread(name: "stall") { fleet.write { _ in self.hold() } }
    condition.withLock { while !isHeld { condition.wait() } }
  }

  private func hold() {
    condition.withLock {
      isHeld = true
      condition.broadcast()
      while !isOver { condition.wait() }
    }
  }

  /// Lets go of the lock.
  func end() {
    condition.withLock {
      isOver = true
      condition.broadcast()
    }
    thread?.join()
  }
}
