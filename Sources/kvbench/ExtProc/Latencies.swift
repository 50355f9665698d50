/// Times of single requests.
struct Latencies {
  private var nanoseconds: [UInt64] = []

  mutating func add(_ value: UInt64) { nanoseconds.append(value) }

  var count: Int { nanoseconds.count }

  /// The median, the 95th and the 99th percentile in microseconds.
  var percentiles: Percentiles {
    let samples = Samples(nanoseconds.map { Double($0) / 1000 })
    return Percentiles(
      median: samples.median, p95: samples.quantile(0.95), p99: samples.p99)
  }
}

/// Of latencies, in microseconds.
struct Percentiles {
  var median: Double
  var p95: Double
  var p99: Double

  var text: String {
    "p50 \(median.grouped.leftPadded(to: 7))  p95 \(p95.grouped.leftPadded(to: 7))  "
      + "p99 \(p99.grouped.leftPadded(to: 7)) µs"
  }
}

extension Double {
  /// Whole, with commas between thousands.
  var grouped: String {
    guard isFinite else { return "-" }
    var digits = Array("\(Int(rounded()))".reversed())
    for place in stride(from: 3, to: digits.count, by: 4) { digits.insert(",", at: place) }
    return String(digits.reversed())
  }
}

extension String {
  /// The text after spaces up to `width` characters.
  func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(width - count, 0)) + self
  }
}
