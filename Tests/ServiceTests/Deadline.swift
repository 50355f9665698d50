import Glibc
import Service
import Testing

/// Waiting for what other threads bring about, by looking again until it is there.
enum Deadline {
  struct Passed: Error {}

  /// Calls `look` until it gives a value; a limit is only there to end a failing test.
  @discardableResult
  static func wait<Value>(seconds: UInt64 = 60, _ look: () throws -> Value?) throws -> Value {
    let limit = MonotonicClock.nowNanoseconds() + seconds * 1_000_000_000
    while true {
      if let value = try look() { return value }
      guard MonotonicClock.nowNanoseconds() < limit else { throw Passed() }
      sched_yield()
    }
  }

  /// Calls `isDone` until it holds.
  static func wait(seconds: UInt64 = 60, _ isDone: () throws -> Bool) throws {
    try wait(seconds: seconds) { try isDone() ? true : nil }
  }
}
