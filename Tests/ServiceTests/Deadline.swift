import Glibc
import Service
import Testing

/// Waiting for what other threads bring about, by looking again until it is there.
enum Deadline {
  struct Passed: Error {}

  /// Calls `look` until it gives a value; a limit is only there to end a failing test.
  ///
  /// What takes longer than a few looks is left the processor between them.
  @discardableResult
  static func wait<Value>(seconds: UInt64 = 60, _ look: () throws -> Value?) throws -> Value {
    let limit = MonotonicClock.nowNanoseconds() + seconds * 1_000_000_000
    var looks = 0
    while true {
      if let value = try look() { return value }
      guard MonotonicClock.nowNanoseconds() < limit else { throw Passed() }
      looks += 1
      if looks < 10 { sched_yield() } else { Pause.microseconds(500) }
    }
  }

  /// Calls `isDone` until it holds.
  static func wait(seconds: UInt64 = 60, _ isDone: () throws -> Bool) throws {
    try wait(seconds: seconds) { try isDone() ? true : nil }
  }
}
