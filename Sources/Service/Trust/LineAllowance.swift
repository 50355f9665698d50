/// How many lines about one thing the log may have: a few at once, then one in a while.
struct LineAllowance {
  static let nanosecondsPerLine: UInt64 = 10_000_000_000

  /// Lines at once.
  let linesMax: UInt64
  /// When all lines that were written are paid for.
  private var paidAt: UInt64 = 0

  init(linesMax: UInt64) { self.linesMax = linesMax }

  /// Takes a line; false when there is none left at `now`, in monotonic nanoseconds.
  mutating func take(now: UInt64) -> Bool {
    let start = max(paidAt, now)
    guard start - now <= (linesMax - 1) * Self.nanosecondsPerLine else { return false }
    paidAt = start + Self.nanosecondsPerLine
    return true
  }
}
