/// The state of the demo at one moment, as a table or as one line.
struct DemoTable {
  struct Row {
    var name: String
    var tally: DemoTraffic.Tally
    /// Blocks that the indexer knows the endpoint to hold.
    var residentBlocks: Int
    var evictedBlocks: Int
    var trust: String
  }

  /// 78 characters with the names around them: a terminal has 80.
  private static let columns = [
    ("requests", 8), ("prompt", 9), ("predicted", 9), ("delivered", 9), ("hits", 6),
    ("resident", 8), ("evicted", 7),
  ]
  private static let nameWidth = 9

  let rows: [Row]

  var total: DemoTraffic.Tally { rows.reduce(DemoTraffic.Tally()) { $0 + $1.tally } }

  /// One line an endpoint, between a line of headings and a line of sums.
  var lines: [String] {
    let sum = Row(
      name: "total", tally: total, residentBlocks: rows.reduce(0) { $0 + $1.residentBlocks },
      evictedBlocks: rows.reduce(0) { $0 + $1.evictedBlocks }, trust: "")
    let headings = Self.line(name: "endpoint", Self.columns.map(\.0), trust: "trust")
    return [headings]
      + (rows + [sum]).map { row in
        let tally = row.tally
        let counts = [
          tally.requests, tally.promptTokens, tally.predictedTokens,
          tally.deliveredTokens,
        ].map(Self.grouped)
        let blocks = [row.residentBlocks, row.evictedBlocks].map(Self.grouped)
        return Self.line(
          name: row.name, counts + [Self.hitRatio(tally)] + blocks, trust: row.trust)
      }
  }

  /// The sums in one line, for an output that can't be drawn over.
  func line(seconds: Int) -> String {
    let sum = total
    let exact = rows.count { $0.trust == "exact" }
    return """
      \(Self.padded("\(seconds) s", 6))  \(Self.grouped(sum.requests)) requests, \
      \(Self.grouped(sum.promptTokens)) prompt tokens: \(Self.grouped(sum.predictedTokens)) \
      predicted, \(Self.grouped(sum.deliveredTokens)) delivered (\(Self.hitRatio(sum))); \
      \(Self.grouped(rows.reduce(0) { $0 + $1.evictedBlocks })) blocks evicted, \(exact) of \
      \(rows.count) exact
      """
  }

  private static func line(name: String, _ cells: [String], trust: String) -> String {
    let right = zip(cells, columns).map { cell, column in padded(cell, column.1) }
    let spaces = String(repeating: " ", count: max(0, nameWidth - name.count))
    return ([name + spaces] + right + (trust.isEmpty ? [] : [trust])).joined(separator: " ")
  }

  /// Delivered tokens of the prompts' tokens.
  private static func hitRatio(_ tally: DemoTraffic.Tally) -> String {
    guard tally.promptTokens > 0 else { return "–" }
    let permille = (tally.deliveredTokens * 1000 + tally.promptTokens / 2) / tally.promptTokens
    return "\(permille / 10).\(permille % 10) %"
  }

  /// With a comma before every three digits.
  static func grouped(_ number: Int) -> String {
    var text = ""
    for (index, digit) in String(number).enumerated() {
      if index > 0, (String(number).count - index) % 3 == 0 { text += "," }
      text.append(digit)
    }
    return text
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
