import Synchronization

/// A value that goes up and down, from any thread.
package final class Gauge: Sendable {
  private let bits = Atomic<UInt64>(0)

  package init() {}

  package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

  package func set(_ value: Double) {
    bits.store(value.bitPattern, ordering: .relaxed)
  }
}
