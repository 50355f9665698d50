/// Prints what was measured as it comes, and keeps it for a table at the end.
struct Report {
  /// What a quantity has to stay below.
  enum Goal {
    case median(Double)
    case mean(Double)
    case p99(Double)
  }

  private struct Row {
    var benchmark: String
    var quantity: String
    var unit: String
    var samples: Samples?
    var value: Double
    var goal: Double?
    var checksum: String
  }

  private var benchmark = ""
  private var rows: [Row] = []
  private var failures: [String] = []

  /// Starts the rows of a benchmark.
  mutating func begin(_ name: String, _ parameters: String) {
    benchmark = name
    print("\n\(name): \(parameters)")
  }

  /// A quantity that was sampled.
  ///
  /// - Parameter scale: Nanoseconds in `unit`.
  mutating func row(
    _ quantity: String, _ samples: Samples, unit: String, scale: Double = 1, goal: Goal? = nil,
    checksum: Checksum? = nil
  ) {
    let (value, limit): (Double, Double?) =
      switch goal {
      case .median(let limit): (samples.median, limit)
      case .mean(let limit): (samples.mean, limit)
      case .p99(let limit): (samples.p99, limit)
      case nil: (samples.median, nil)
      }
    append(
      Row(
        benchmark: benchmark, quantity: quantity, unit: unit, samples: samples.divided(by: scale),
        value: value / scale, goal: limit, checksum: checksum?.text ?? ""))
  }

  /// A quantity that is one number.
  mutating func row(
    _ quantity: String, _ value: Double, unit: String, goal: Double? = nil,
    checksum: Checksum? = nil
  ) {
    append(
      Row(
        benchmark: benchmark, quantity: quantity, unit: unit, samples: nil, value: value,
        goal: goal, checksum: checksum?.text ?? ""))
  }

  /// Notes a wrong answer; the run then ends with status 1.
  mutating func check(_ isRight: Bool, _ failure: @autoclosure () -> String) {
    guard !isRight else { return }
    failures.append("\(benchmark): \(failure())")
    print("  WRONG: \(failure())")
  }

  private mutating func append(_ row: Row) {
    rows.append(row)
    print("  \(Self.line(row))")
  }

  private static func line(_ row: Row) -> String {
    var parts = [row.quantity.padded(to: 58)]
    if let samples = row.samples {
      parts.append(
        "p50 \(samples.median.short)  p99 \(samples.p99.short)  mean \(samples.mean.short)")
    } else {
      parts.append(row.value.short)
    }
    parts.append(row.unit)
    if let goal = row.goal { parts.append("(goal \(goal.short): \(verdict(row)))") }
    if !row.checksum.isEmpty { parts.append("#\(row.checksum)") }
    return parts.joined(separator: " ")
  }

  private static func verdict(_ row: Row) -> String {
    guard let goal = row.goal else { return "" }
    return row.value <= goal ? "met" : "missed, \((row.value / goal).short) ×"
  }

  /// All rows as a table.
  var markdown: String {
    var lines = [
      "", "| benchmark | quantity | p50 | p99 | mean | unit | goal | verdict | checksum |",
      "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows {
      let numbers =
        row.samples.map { "\($0.median.short) | \($0.p99.short) | \($0.mean.short)" }
        ?? " | | \(row.value.short)"
      let goal = row.goal.map { "≤ \($0.short)" } ?? ""
      lines.append(
        "| \(row.benchmark) | \(row.quantity) | \(numbers) | \(row.unit) | \(goal) | "
          + "\(Self.verdict(row)) | \(row.checksum) |")
    }
    return lines.joined(separator: "\n")
  }

  /// Says what was wrong; returns the exit status.
  func finish() -> Int32 {
    for failure in failures { print("WRONG \(failure)") }
    print(failures.isEmpty ? "\nall answers right" : "\n\(failures.count) answers wrong")
    return failures.isEmpty ? 0 : 1
  }
}

extension Double {
  /// Three significant digits.
  var short: String {
    guard isFinite else { return "-" }
    if magnitude >= 100 { return "\(Int(rounded()))" }
    let factor = magnitude >= 10 ? 10.0 : 100.0
    return "\((self * factor).rounded() / factor)"
  }
}

extension String {
  /// The text with spaces up to `width` characters.
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(width - count, 1))
  }
}
