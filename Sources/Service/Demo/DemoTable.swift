/// The state of the demo at one moment, as a table or as one line.
struct DemoTable {
  struct Row {
    var name: String
    var tally: DemoTally
    /// Requests that the engine has not finished.
    var running: Int
    /// Blocks that the indexer knows the endpoint to hold.
    var residentBlocks: Int
    var evictedBlocks: Int
    var trust: String
  }

  /// 76 characters with the names around them: a terminal has 80.
  private static let columns = [
    ("requests", 8), ("running", 7), ("predicted", 9), ("delivered", 9), ("hits", 6),
    ("resident", 8), ("evicted", 7),
  ]
  private static let nameWidth = 9
  /// Endpoints with a line of their own: a terminal has 24.
  private static let rowsMax = 16

  let rows: [Row]
  /// What the same requests would have found by turns.
  let roundRobin: HitCount
  /// Predictions that were guesses, by why they were.
  let approximations: [String: Int]

  var total: DemoTally { rows.reduce(DemoTally()) { $0 + $1.tally } }

  /// A line of headings, one an endpoint, one of sums, and one that compares; of many endpoints
  /// only the first ones, and how many more there are.
  var lines: [String] {
    let sum = Row(
      name: "total", tally: total, running: rows.reduce(0) { $0 + $1.running },
      residentBlocks: rows.reduce(0) { $0 + $1.residentBlocks },
      evictedBlocks: rows.reduce(0) { $0 + $1.evictedBlocks }, trust: "")
    let headings = Self.line(name: "endpoint", Self.columns.map(\.0), trust: "trust")
    let others = rows.count - min(rows.count, Self.rowsMax)
    return [headings] + rows.prefix(Self.rowsMax).map(Self.line)
      + (others > 0 ? ["… \(others) more"] : []) + [Self.line(sum), comparison]
  }

  private static func line(_ row: Row) -> String {
    let tally = row.tally
    let counts = [
      tally.requests, row.running, tally.predictedTokens, tally.hits.cachedTokens,
    ].map(grouped)
    let blocks = [row.residentBlocks, row.evictedBlocks].map(grouped)
    return line(name: row.name, counts + [tally.hits.ratio] + blocks, trust: row.trust)
  }

  /// What it was good for.
  private var comparison: String {
    let guesses = approximations.values.reduce(0, +)
    let causes = approximations.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return """
      hits \(total.hits.ratio), round robin \(roundRobin.ratio); picks: \
      \(Self.grouped(total.requests - guesses)) exact, \(Self.grouped(guesses)) approximate\
      \(causes.isEmpty ? "" : " (\(causes.joined(separator: ", ")))")
      """
  }

  /// The sums in one line, for an output that can't be drawn over.
  func line(seconds: Int) -> String {
    let sum = total
    let exact = rows.count { $0.trust == "exact" }
    return """
      \(Self.padded("\(seconds) s", 6))  \(Self.grouped(sum.requests)) requests, \
      \(Self.grouped(sum.hits.promptTokens)) prompt tokens: \(Self.grouped(sum.predictedTokens)) \
      predicted, \(Self.grouped(sum.hits.cachedTokens)) delivered (\(sum.hits.ratio); round \
      robin \(roundRobin.ratio)); \(exact) of \(rows.count) exact
      """
  }

  private static func line(name: String, _ cells: [String], trust: String) -> String {
    let right = zip(cells, columns).map { cell, column in padded(cell, column.1) }
    let spaces = String(repeating: " ", count: max(0, nameWidth - name.count))
    return ([name + spaces] + right + (trust.isEmpty ? [] : [trust])).joined(separator: " ")
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
