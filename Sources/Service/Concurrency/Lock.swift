internal import Glibc

/// A mutual exclusion lock that ThreadSanitizer understands, unlike `Synchronization.Mutex`.
package final class Lock: @unchecked Sendable {
  fileprivate let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

  package init() {
    let status = pthread_mutex_init(mutex, nil)
    precondition(status == 0, "pthread_mutex_init: \(status)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  package func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}

/// A lock together with a condition that its holders wait for.
package final class ConditionLock: @unchecked Sendable {
  private let lock = Lock()
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init() {
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    let status = pthread_cond_init(condition, &attributes)
    pthread_condattr_destroy(&attributes)
    precondition(status == 0, "pthread_cond_init: \(status)")
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
  }

  package func withLock<R>(_ body: () throws -> R) rethrows -> R {
    try lock.withLock(body)
  }

  /// Waits until another thread broadcasts; to be called inside `withLock`, in a loop.
  package func wait() { pthread_cond_wait(condition, lock.mutex) }

  /// Waits until another thread broadcasts or the deadline has passed.
  ///
  /// - Returns: Whether there is time left.
  package func wait(untilNanoseconds deadline: UInt64) -> Bool {
    var time = timespec(
      tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    return pthread_cond_timedwait(condition, lock.mutex, &time) != ETIMEDOUT
  }

  package func broadcast() { pthread_cond_broadcast(condition) }
}
