import Glibc

/// What a quantity is over several seeds.
package struct Spread: Sendable, Equatable {
  package let mean: Double
  /// The standard deviation of the seeds; 0 for one.
  package let deviation: Double
  package let least: Double
  package let most: Double

  /// The spread of at least one value.
  init(_ values: [Double]) {
    precondition(!values.isEmpty, "no values to spread")
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / (count - 1)).squareRoot() : 0
    least = values.min() ?? mean
    most = values.max() ?? mean
  }
}
