/// The lines of the matrix, for terminals and for documents.
enum FaultTable {
  private static let titles = [
    "fault", "runs", "exact answers", "wrong while exact", "ended exact", "ended otherwise",
    "ms to exact p50", "p99", "oldest exact ms",
  ]
  private static let widths = [34, 6, 15, 19, 13, 34, 17, 8, 15]

  static var heading: String { line(titles) }

  static func line(_ tally: FaultTally) -> String { line(cells(tally)) }

  static func markdown(_ tallies: [FaultTally]) -> String {
    var lines = [row(titles), row(titles.map { _ in "---" })]
    for tally in tallies {
      var cells = cells(tally)
      cells[0] = "`\(tally.fault.name)`: \(tally.fault.summary)"
      lines.append(row(cells))
    }
    return lines.joined(separator: "\n")
  }

  private static func cells(_ tally: FaultTally) -> [String] {
    let time = tally.timeToExact
    return [
      tally.fault.name, "\(tally.runs)", "\(tally.exactAnswers)", "\(tally.wrong)",
      "\(tally.endedExact)", tally.honestText, time.map { $0.median.short } ?? "",
      time.map { $0.p99.short } ?? "", tally.oldestExact.short,
    ]
  }

  private static func line(_ cells: [String]) -> String {
    zip(cells, widths).map { $0.padded(to: $1) }.joined()
  }

  private static func row(_ cells: [String]) -> String {
    "| \(cells.joined(separator: " | ")) |"
  }
}
