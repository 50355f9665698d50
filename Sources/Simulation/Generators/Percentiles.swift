import Glibc

/// A distribution of which three percentiles were published: log-linear between them.
///
/// Below the median it falls to a tenth of it, above the 99th percentile nothing is known: it ends.
struct Percentiles: Sendable, Equatable {
  var p50: Double
  var p90: Double
  var p99: Double

  init(_ p50: Double, _ p90: Double, _ p99: Double) {
    precondition(0 < p50 && p50 <= p90 && p90 <= p99, "percentiles \(p50), \(p90), \(p99)")
    (self.p50, self.p90, self.p99) = (p50, p90, p99)
  }

  func draw(from random: inout SplitMix64) -> Double { quantile(random.fraction()) }

  /// The value below which a share of the distribution is.
  func quantile(_ share: Double) -> Double {
    let points: [(share: Double, value: Double)] = [
      (0, p50 / 10), (0.5, p50), (0.9, p90), (0.99, p99),
    ]
    guard let upper = points.firstIndex(where: { share < $0.share }), upper > 0 else { return p99 }
    let (low, high) = (points[upper - 1], points[upper])
    let part = (share - low.share) / (high.share - low.share)
    return low.value * pow(high.value / low.value, part)
  }
}

extension SplitMix64 {
  /// A wait until the next of events that come at random, in seconds.
  mutating func wait(perSecond rate: Double) -> Double { -log(1 - fraction()) / rate }
}
