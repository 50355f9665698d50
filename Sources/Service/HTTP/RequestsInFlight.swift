import Glibc

/// Counts requests between their first byte and the last byte of their answer.
final class RequestsInFlight: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let becameZero = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var count = 0

  init() {
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    // Waiting must not stretch when somebody sets the clock.
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(becameZero, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(becameZero)
    pthread_mutex_destroy(mutex)
    becameZero.deallocate()
    mutex.deallocate()
  }

  func enter() {
    pthread_mutex_lock(mutex)
    count += 1
    pthread_mutex_unlock(mutex)
  }

  func leave() {
    pthread_mutex_lock(mutex)
    count -= 1
    if count == 0 { pthread_cond_broadcast(becameZero) }
    pthread_mutex_unlock(mutex)
  }

  /// Waits until there are none, but no longer than `limit`; returns how many are left.
  func waitForZero(atMost limit: Duration) -> Int {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let (seconds, attoseconds) = limit.components
    let nanoseconds = deadline.tv_nsec + Int(attoseconds / 1_000_000_000)
    deadline.tv_sec += Int(seconds) + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while count > 0 {
      guard pthread_cond_timedwait(becameZero, mutex, &deadline) == 0 else { break }
    }
    return count
  }
}
