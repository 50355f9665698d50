/// Whether the picker takes requests, as health checks tell it.
final class PickerState: Sendable {
  private enum Phase {
    /// Next: `serving`.
    case starting
    /// Next: `leaving`.
    case serving
    /// Still takes requests, and says that it does not. Last.
    case leaving
  }

  private let condition = ConditionLock()
  // Under the lock:
  nonisolated(unsafe) private var phase = Phase.starting
  nonisolated(unsafe) private var isChecked = false
  /// Checks that were told of the leaving.
  nonisolated(unsafe) private var farewells = 0

  var isServing: Bool { condition.withLock { phase == .serving } }

  /// What a health check is told.
  func check() -> Bool {
    condition.withLock {
      isChecked = true
      if phase == .leaving {
        farewells += 1
        condition.broadcast()
      }
      return phase == .serving
    }
  }

  func serve() { condition.withLock { phase = .serving } }

  /// Tells health checks that no more is taken, while it still is.
  ///
  /// Returns when whoever checks has heard it twice: after the first time the gateway may not have
  /// told all of its threads. Where nobody checks there is nobody to wait for.
  ///
  /// - Parameter tell: Tells those who do not check but watch.
  func leave(waitingAtMost limit: Duration, tell: () -> Void) {
    let end = MonotonicClock.nowNanoseconds(after: limit)
    condition.withLock { phase = .leaving }
    tell()
    condition.withLock {
      while isChecked, farewells < 2, condition.wait(untilNanoseconds: end) {}
    }
  }
}
