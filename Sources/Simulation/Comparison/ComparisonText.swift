/// A comparison as a terminal shows it.
package struct ComparisonText {
  private let comparison: Comparison

  /// The text of a comparison.
  package init(_ comparison: Comparison) { self.comparison = comparison }

  /// What was compared, the ladder, and the stresses.
  package var text: String {
    ([header, ladder] + (comparison.stresses.count > 1 ? [stresses] : [])).joined(separator: "\n\n")
      + "\n"
  }

  private var header: String {
    let parameters = comparison.parameters
    let model = parameters.times
    return """
      \(parameters.source): \(parameters.requests) requests in \(Int(parameters.seconds)) s, \
      \(parameters.blocks) blocks of \(parameters.blockTokens) tokens, \
      \(parameters.distinctBlocks) distinct
      \(parameters.engines) engines of \(parameters.capacityBlocks) blocks, \
      \(model.prefillTokensPerSecond) tokens/s of prefill, \
      \(model.tokenNanoseconds / 1_000_000) ms a token; plan \(parameters.plan); \
      \(parameters.seeds) seed\(parameters.seeds == 1 ? "" : "s")
      Every block counts as one, the last one of a prompt too when it is not full.
      """
  }

  private var ladder: String {
    var table = Columns([
      "", "hits %", "±", "error %", "imbalance", "TTFT mean s", "p50", "p90", "p99",
    ])
    for rung in comparison.ladder {
      let cell = rung.cell
      table.add([
        rung.name, Self.percent(rung.hitRatio.mean),
        Self.percent(rung.hitRatio.deviation, decimals: 2),
        cell?.predictionError.map { Self.percent($0.mean, decimals: 2) } ?? "–",
        cell.map { Self.decimals($0.imbalance.mean, 2) } ?? "–",
        cell.map { Self.decimals($0.firstTokenMean.mean, 3) } ?? "–",
        cell.map { Self.decimals($0.firstTokenP50.mean, 3) } ?? "–",
        cell.map { Self.decimals($0.firstTokenP90.mean, 3) } ?? "–",
        cell.map { Self.decimals($0.firstTokenP99.mean, 3) } ?? "–",
      ])
    }
    let steep = comparison.steepRungs
    let note =
      steep.isEmpty ? "" : "\nhigher than the rung above it: \(steep.joined(separator: ", "))"
    return table.text + note
  }

  private var stresses: String {
    var table = Columns(
      ["hits % (error %)"] + comparison.policies.map(\.rawValue) + ["what happens"],
      textColumns: [0, comparison.policies.count + 1])
    for stress in comparison.stresses {
      let cells = comparison.policies.map { policy in
        comparison.cell(policy, under: stress).map { cell in
          Self.percent(cell.hitRatio.mean)
            + (cell.predictionError.map { " (\(Self.percent($0.mean, decimals: 2)))" } ?? "")
        } ?? "–"
      }
      table.add([stress.rawValue] + cells + [stress.summary])
    }
    return table.text
  }

  /// A share in per cent.
  static func percent(_ share: Double, decimals count: Int = 1) -> String {
    decimals(share * 100, count)
  }

  /// A number with so many decimals.
  static func decimals(_ value: Double, _ count: Int) -> String {
    guard value.isFinite, value.magnitude < 1e12 else { return "–" }
    var scale = 1
    for _ in 0..<count { scale *= 10 }
    let whole = Int((value.magnitude * Double(scale)).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard count > 0 else { return "\(sign)\(whole)" }
    let fraction = String(whole % scale)
    let zeros = String(repeating: "0", count: count - fraction.count)
    return "\(sign)\(whole / scale).\(zeros)\(fraction)"
  }
}

/// A table whose columns line up, numbers at their right ends.
private struct Columns {
  private var rows: [[String]]
  private let textColumns: Set<Int>

  init(_ heading: [String], textColumns: Set<Int> = [0]) {
    rows = [heading]
    self.textColumns = textColumns
  }

  mutating func add(_ row: [String]) { rows.append(row) }

  var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return textColumns.contains(column) ? row[column] + space : space + row[column]
      }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
