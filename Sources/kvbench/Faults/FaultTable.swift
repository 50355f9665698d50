import Glibc

/// The matrix, for terminals and for documents.
enum FaultTable {
  private static let titles = [
    "fault", "runs", "exact answers", "wrong while exact", "ended exact", "ended otherwise",
    "ms to exact p50", "p99", "oldest exact ms",
  ]
  private static let widths = [34, 6, 15, 19, 13, 34, 17, 8, 15]

  /// What a document has to say of the runs besides their results.
  struct Circumstances {
    var options: FaultOptions
    /// Of the last minute, before the first run.
    var load: Double
    var seconds: Double
  }

  static var heading: String { line(titles) }

  static func line(_ tally: FaultTally) -> String { line(cells(tally)) }

  /// All there is to say of runs, with nothing to add by hand.
  static func markdown(_ tallies: [FaultTally], _ circumstances: Circumstances) -> String {
    var lines = [summary(tallies, circumstances), "", row(titles), row(titles.map { _ in "---" })]
    for tally in tallies {
      var cells = cells(tally)
      cells[0] = "`\(tally.fault.name)`: \(tally.fault.summary)"
      lines.append(row(cells))
    }
    return lines.joined(separator: "\n")
  }

  private static func summary(
    _ tallies: [FaultTally], _ circumstances: Circumstances
  ) -> String {
    let options = circumstances.options
    let times = Samples(tallies.flatMap(\.millisecondsToExact))
    let failures = tallies.reduce(0) { $0 + $1.failures.count }
    let commit = options.commit.map { " at \($0)" } ?? ""
    let cores = sysconf(Int32(_SC_NPROCESSORS_ONLN))
    return """
      \(tallies.count) faults, seeds \(options.firstSeed) to \(options.seedRange.upperBound - 1) \
      each, \(options.runsAtOnce) runs at a time in a \(build) build\(commit), on \(cores) cores \
      with a load of \(circumstances.load.short) before: \(Self.wrong(tallies)) of \
      \(tallies.reduce(0) { $0 + $1.exactAnswers }) exact answers wrong, \
      \(failures == 0 ? "no" : "\(failures)") failures, \(circumstances.seconds.short) s. \
      \(times.count) of \(tallies.reduce(0) { $0 + $1.runs }) runs ended exact, after \
      \(times.median.short) ms (p50) and \(times.p99.short) ms (p99).
      """
  }

  static func wrong(_ tallies: [FaultTally]) -> Int { tallies.reduce(0) { $0 + $1.wrong } }

  private static var build: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
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
