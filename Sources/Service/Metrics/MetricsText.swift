/// Writes metrics in Prometheus' text format, version 0.0.4.
///
/// Families are sorted by name and their samples by labels, whatever the order they are added in.
package struct MetricsText {
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  package typealias Labels = [(name: String, value: String)]

  package enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  private struct Family {
    var kind: Kind
    var help: String
    /// Lines in order, for each set of labels.
    var lines: [(labels: String, text: String)] = []
  }

  private var families: [String: Family] = [:]

  package init() {}

  // MARK: Metrics

  package mutating func add(_ name: String, help: String, _ counter: Counter) {
    add(name, .counter, help: help, [(labels: [], value: Double(counter.value))])
  }

  package mutating func add<Label>(
    _ name: String, help: String, _ counters: Labelled<Label, Counter>
  ) {
    let samples = counters.all.map { value, counter in
      (labels: [(name: Label.labelName, value: value)], value: Double(counter.value))
    }
    add(name, .counter, help: help, samples)
  }

  package mutating func add(_ name: String, help: String, _ gauge: Gauge) {
    add(name, .gauge, help: help, [(labels: [], value: gauge.value)])
  }

  package mutating func add(_ name: String, help: String, _ histogram: Histogram) {
    add(name, help: help, [(labels: [], snapshot: histogram.snapshot())])
  }

  package mutating func add<Label>(
    _ name: String, help: String, _ histograms: Labelled<Label, Histogram>
  ) {
    let labelled = histograms.all.map { value, histogram in
      (labels: [(name: Label.labelName, value: value)], snapshot: histogram.snapshot())
    }
    add(name, help: help, labelled)
  }

  /// Adds counters or gauges whose values are at hand only now, such as one an endpoint.
  package mutating func add(
    _ name: String, _ kind: Kind, help: String, _ samples: [(labels: Labels, value: Double)]
  ) {
    precondition(kind != .histogram, "\(name): a histogram has more than one value a sample")
    var family = Family(kind: kind, help: help)
    for sample in samples {
      let labels = Self.text(sample.labels)
      family.lines.append((labels, "\(name)\(labels) \(Self.text(sample.value))\n"))
    }
    insert(name, family)
  }

  /// Adds histograms of one name, each with labels of its own.
  package mutating func add(
    _ name: String, help: String, _ histograms: [(labels: Labels, snapshot: Histogram.Snapshot)]
  ) {
    var family = Family(kind: .histogram, help: help)
    // The same for all of them: there may be a thousand.
    let bounds = ((histograms.first?.snapshot.bounds ?? []) + [.infinity]).map { Self.text($0) }
    for (labels, snapshot) in histograms {
      precondition(
        snapshot.bounds.count + 1 == bounds.count, "\(name): histograms of different bounds")
      let pairs = Self.pairs(labels)
      let plain = pairs.isEmpty ? "" : "{\(pairs)}"
      let start = "\(name)_bucket{\(pairs)\(pairs.isEmpty ? "" : ",")le=\""
      var text = ""
      for (bound, count) in zip(bounds, snapshot.cumulativeCounts) {
        text += start
        text += bound
        text += "\"} "
        text += String(count)
        text += "\n"
      }
      text += "\(name)_sum\(plain) \(Self.text(snapshot.sum))\n"
      text += "\(name)_count\(plain) \(snapshot.cumulativeCounts.last ?? 0)\n"
      family.lines.append((plain, text))
    }
    insert(name, family)
  }

  private mutating func insert(_ name: String, _ family: Family) {
    // Colons set off a prefix, as in `vllm:num_requests_running`; labels can't have them.
    precondition(
      Self.isName(name.replacing(":", with: "_")), "'\(name)' is no metric's name")
    precondition(families[name] == nil, "the metric \(name) is added twice")
    families[name] = family
  }

  // MARK: Text

  /// All that was added.
  package func bytes() -> [UInt8] {
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# HELP \(name) \(Self.escaped(family.help, quotes: false))\n"
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for line in family.lines.sorted(by: { $0.labels < $1.labels }) { text += line.text }
    }
    return Array(text.utf8)
  }

  private static func isName(_ name: String) -> Bool {
    !name.isEmpty && !("0"..."9").contains(name.prefix(1))
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  private static func text(_ labels: Labels) -> String {
    labels.isEmpty ? "" : "{\(pairs(labels))}"
  }

  private static func pairs(_ labels: Labels) -> String {
    labels.map { label in
      precondition(isName(label.name), "'\(label.name)' is no label's name")
      return "\(label.name)=\"\(escaped(label.value, quotes: true))\""
    }
    .joined(separator: ",")
  }

  private static func text(_ value: Double) -> String {
    if let integer = Int(exactly: value) { return "\(integer)" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return value.isNaN ? "NaN" : "\(value)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    // Quotes, line feeds and backslashes.
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x0a || $0 == 0x5c }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
