import Synchronization

/// Counts observations by size, from any thread, in buckets that are fixed from the start.
package final class Histogram: Sendable {
  /// Upper bounds of latencies in seconds, three a decade from 10 µs to 10 s.
  package static let latencySeconds: [Double] = [
    1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.5, 1, 2, 5,
    10,
  ]

  /// What a histogram held at one moment.
  package struct Snapshot: Sendable, Equatable {
    package var bounds: [Double]
    /// Observations up to each bound, and then all of them: one more than there are bounds.
    package var cumulativeCounts: [Int]
    package var sum: Double

    /// Takes in what another histogram with the same bounds held.
    package mutating func merge(_ other: Snapshot) {
      precondition(bounds == other.bounds, "histograms of \(bounds) and \(other.bounds)")
      for index in cumulativeCounts.indices {
        cumulativeCounts[index] += other.cumulativeCounts[index]
      }
      sum += other.sum
    }
  }

  private let bounds: [Double]
  /// One a bound, and one for what exceeds them all.
  nonisolated(unsafe) private let counts: UnsafeMutablePointer<Atomic<Int>>
  private let sumBits = Atomic<UInt64>(0)

  /// A histogram whose buckets end at `bounds`, inclusive.
  ///
  /// - Parameter bounds: Ascending and finite.
  package init(bounds: [Double]) {
    precondition(
      zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 } && bounds.allSatisfy(\.isFinite),
      "bounds have to ascend: \(bounds)")
    self.bounds = bounds
    counts = .allocate(capacity: bounds.count + 1)
    for index in 0...bounds.count { (counts + index).initialize(to: Atomic(0)) }
  }

  deinit {
    counts.deinitialize(count: bounds.count + 1)
    counts.deallocate()
  }

  /// Counts `value`; what is not a number is not counted.
  package func observe(_ value: Double) {
    guard !value.isNaN else { return }
    var index = 0
    while index < bounds.count, value > bounds[index] { index += 1 }
    counts[index].wrappingAdd(1, ordering: .relaxed)
    var old = sumBits.load(ordering: .relaxed)
    while true {
      let new = (Double(bitPattern: old) + value).bitPattern
      let (exchanged, original) = sumBits.weakCompareExchange(
        expected: old, desired: new, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  /// The counts now; an observation under way may be in them and not yet in the sum.
  package func snapshot() -> Snapshot {
    var total = 0
    let cumulative = (0...bounds.count).map { index in
      total += counts[index].load(ordering: .relaxed)
      return total
    }
    return Snapshot(
      bounds: bounds, cumulativeCounts: cumulative,
      sum: Double(bitPattern: sumBits.load(ordering: .relaxed)))
  }
}
