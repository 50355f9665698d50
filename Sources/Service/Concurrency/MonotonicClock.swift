internal import Glibc
internal import Tokenize

/// The clock of all deadlines and ages: it never jumps, and means nothing on another machine.
package enum MonotonicClock {
  package static func nowNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The time that comes after a while.
  static func nowNanoseconds(after duration: Duration) -> UInt64 {
    nowNanoseconds() + duration.wholeNanoseconds
  }
}
