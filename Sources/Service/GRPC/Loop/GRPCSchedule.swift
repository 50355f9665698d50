/// What a loop has to do at some time; all times are `MonotonicClock`'s.
struct GRPCSchedule {
  private static let tickNanoseconds: UInt64 = 1_000_000_000
  /// Deadlines are looked for no more often than this.
  private static let deadlineStepNanoseconds: UInt64 = 5_000_000

  /// No call's deadline is earlier.
  private var earliestDeadline = UInt64.max
  private var nextTick = UInt64.max
  private var noticeEnds = UInt64.max
  private var cutOffAt = UInt64.max

  var isStopping: Bool { cutOffAt != .max }

  /// How long there is nothing to do; -1 for ever.
  func pollMilliseconds() -> Int32 {
    let due = min(earliestDeadline, nextTick, noticeEnds, cutOffAt)
    guard due != .max else { return -1 }
    let now = MonotonicClock.nowNanoseconds()
    guard due > now else { return 0 }
    return Int32(clamping: (due - now + 999_999) / 1_000_000)
  }

  mutating func note(deadline: UInt64, _ now: UInt64) {
    earliestDeadline = min(earliestDeadline, max(deadline, now + Self.deadlineStepNanoseconds))
  }

  /// Ticks once, a second from now, unless that is due already.
  mutating func startTicking(_ now: UInt64) {
    if nextTick == .max { nextTick = now + Self.tickNanoseconds }
  }

  /// - Parameters:
  ///   - noticeEnds: Until when clients are waited for that have not taken note.
  ///   - cutOff: When what is then left is cut off.
  mutating func stop(noticeEnds: UInt64, cutOff: UInt64) {
    cutOffAt = min(cutOff, .max - 1)
    self.noticeEnds = noticeEnds
  }

  // MARK: Each is true once

  mutating func takeDeadlines(_ now: UInt64) -> Bool { Self.take(&earliestDeadline, now) }

  mutating func takeTick(_ now: UInt64) -> Bool { Self.take(&nextTick, now) }

  mutating func takeNotice(_ now: UInt64) -> Bool { Self.take(&noticeEnds, now) }

  func isCutOffDue(_ now: UInt64) -> Bool { now >= cutOffAt }

  private static func take(_ time: inout UInt64, _ now: UInt64) -> Bool {
    guard now >= time else { return false }
    time = .max
    return true
  }
}
