import Glibc

/// Ranks that are chosen in proportion to `1 / (rank + 1)^exponent`: few popular, many rare.
package struct ZipfDistribution: Sendable {
  /// Running sums of the weights, scaled to end at 1.
  private let cumulative: [Double]

  /// Prepares `count` ranks; an exponent of 0 makes them equally likely.
  package init(count: Int, exponent: Double) {
    precondition(count > 0, "a distribution over \(count) ranks")
    var sums: [Double] = []
    var sum = 0.0
    for rank in 0..<count {
      sum += pow(Double(rank + 1), -exponent)
      sums.append(sum)
    }
    cumulative = sums.map { $0 / sum }
  }

  /// Draws a rank in `0..<count`; O(log count).
  package func draw(from random: inout SplitMix64) -> Int {
    let point = random.fraction()
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] <= point { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
