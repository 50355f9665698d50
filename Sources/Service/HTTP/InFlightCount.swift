/// Counts what has begun and not ended, for those who wait until nothing is left.
final class InFlightCount: @unchecked Sendable {
  private let lock = ConditionLock()
  private var count = 0
  private var isGivenUp = false

  /// Counts one more, and returns how many there are now.
  @discardableResult
  func enter() -> Int {
    lock.withLock {
      count += 1
      return count
    }
  }

  func leave() {
    lock.withLock {
      count -= 1
      if count == 0 { lock.broadcast() }
    }
  }

  /// Waits until there are none, but no longer than `limit`.
  ///
  /// - Returns: How many are left; nil when the waiting was given up.
  func waitForZero(atMost limit: Duration) -> Int? {
    let deadline = MonotonicClock.nowNanoseconds(after: limit)
    return lock.withLock {
      while count > 0, !isGivenUp, lock.wait(untilNanoseconds: deadline) {}
      return isGivenUp ? nil : count
    }
  }

  /// Ends all waiting, now and from now on.
  func giveUp() {
    lock.withLock {
      isGivenUp = true
      lock.broadcast()
    }
  }
}
