import Service

/// A time after which something counts as late.
struct Deadline {
  private let nanoseconds: UInt64

  /// The time `seconds` from now.
  init(seconds: Double) {
    nanoseconds = MonotonicClock.nowNanoseconds() + UInt64(seconds * 1e9)
  }

  var hasPassed: Bool { MonotonicClock.nowNanoseconds() >= nanoseconds }
}
