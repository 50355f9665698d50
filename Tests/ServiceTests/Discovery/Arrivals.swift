import Foundation

/// Values that another thread delivers, for a test to wait for one by one.
final class Arrivals<Value: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private var values: [Value] = []

  func add(_ value: Value) {
    condition.lock()
    values.append(value)
    condition.signal()
    condition.unlock()
  }

  /// The next value; nil when none has come in a time that is only there to end a failing test.
  func next() -> Value? {
    condition.lock()
    defer { condition.unlock() }
    let limit = Date(timeIntervalSinceNow: 60)
    while values.isEmpty {
      guard condition.wait(until: limit) else { return nil }
    }
    return values.removeFirst()
  }
}
