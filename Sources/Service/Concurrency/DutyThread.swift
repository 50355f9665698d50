/// A thread that does what is due: what others leave it to do, and what the time asks for.
///
/// What its owner keeps for it is guarded by its lock.
package final class DutyThread: @unchecked Sendable {
  /// What there is to do at a moment.
  package enum Duty<Work> {
    case now(Work)
    /// Nothing before this time of the monotonic clock, or before somebody has had the lock.
    case later(nanoseconds: UInt64)
    /// Nothing before somebody has had the lock.
    case none
  }

  private let name: String
  private let lock = ConditionLock()
  private var isEnding = false
  private var thread: WorkerThread?

  /// - Parameter name: As `WorkerThread` shows it.
  package init(name: String) { self.name = name }

  /// Starts the thread, for which `body` asks for `next` until there is none.
  package func start(_ body: @escaping @Sendable () -> Void) {
    lock.withLock { thread = WorkerThread(name: name, body) }
  }

  /// Waits until what is due is done and the thread has ended.
  package func stop() {
    let thread = lock.withLock {
      isEnding = true
      lock.broadcast()
      return self.thread
    }
    thread?.join()
  }

  /// Gives access to what the lock guards, and has the thread look at it again.
  ///
  /// - Parameter body: Is told whether the thread is about to end: nothing more is to be left to it.
  package func withLock<R>(_ body: (_ isEnding: Bool) throws -> R) rethrows -> R {
    try lock.withLock {
      defer { lock.broadcast() }
      return try body(isEnding)
    }
  }

  /// Waits until `look` finds something to do; nil when there is nothing and the thread is to end.
  ///
  /// - Parameter look: Called on the thread, with the lock held.
  package func next<Work>(_ look: () -> Duty<Work>) -> Work? {
    lock.withLock {
      while true {
        let duty = look()
        if case .now(let work) = duty { return work }
        if isEnding { return nil }
        if case .later(let deadline) = duty {
          _ = lock.wait(untilNanoseconds: deadline)
        } else {
          lock.wait()
        }
      }
    }
  }
}
