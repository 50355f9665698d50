import KVIndexer

/// The thread that tells the index the time, ends reservations whose time is over, and does what
/// else is due now and then.
final class Housekeeping: @unchecked Sendable {
  private static let periodNanoseconds: UInt64 = 100_000_000

  private let fleet: SharedFleet
  private let churn: ChurnHistory
  private let also: @Sendable () -> Void
  private let condition = ConditionLock()
  private var isStopping = false
  private var thread: WorkerThread?

  /// - Parameter also: Called ten times a second.
  init(fleet: SharedFleet, churn: ChurnHistory, also: @escaping @Sendable () -> Void) {
    self.fleet = fleet
    self.churn = churn
    self.also = also
  }

  func start() {
    condition.withLock { thread = WorkerThread(name: "housekeeping") { self.run() } }
  }

  func stop() {
    let thread = condition.withLock {
      isStopping = true
      condition.broadcast()
      return self.thread
    }
    thread?.join()
  }

  private func run() {
    while true {
      let now = MonotonicClock.nowNanoseconds()
      fleet.write {
        $0.keepTime(now)
        if $0.reservations.isDue(now: now) { $0.expireReservations(now: now) }
      }
      churn.keepTime(now, fleet)
      also()
      let isOver = condition.withLock {
        let deadline = now + Self.periodNanoseconds
        while !isStopping, condition.wait(untilNanoseconds: deadline) {}
        return isStopping
      }
      if isOver { return }
    }
  }
}
