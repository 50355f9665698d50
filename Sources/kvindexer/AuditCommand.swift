import KVIndexer
import Service

/// `kvindexer audit A B`: whether two indexers over the same engines know the same.
enum AuditCommand: Command {
  static let help = """
    usage: kvindexer audit A B [OPTIONS]

    Fetches what two indexers know (URLs, files of snapshots, or directories of `serve --state-dir`)
    and compares it source by source and block by block, where both have applied the same messages.
    Sources that are apart are looked at again. Both need the same hash key.

      --tries N            looks before a source counts as apart, 1 to 1000 (10)
      --pause TIME         between two of them (300ms)
    \(SnapshotPlace.help)
      --json               print the comparison as JSON

    Exit status: 0 all equal, 1 something differs, 2 something could not be compared or the command
    line is wrong.
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let security = try SnapshotPlace.security(&arguments)
    let tries = try arguments.integer("--tries", in: 1...1000) ?? 10
    let pauseText = try arguments.option("--pause") ?? "300ms"
    guard let pause = Duration(goText: pauseText), pause >= .zero else {
      throw UsageError(message: "--pause takes a time such as 300ms, not '\(pauseText)'")
    }
    let isJSON = arguments.flag("--json")
    let places = try arguments.words(2).map { SnapshotPlace($0, security) }
    let rows: [SourceComparison]
    do {
      rows = try compare(places[0], places[1], tries: tries, pause: pause)
    } catch {
      Log.standardError("kvindexer: audit: \(error)\n")
      return 2
    }
    if isJSON {
      print(String(decoding: AuditView.json(rows).bytes, as: UTF8.self))
    } else {
      Screen.standardOutput.print(AuditView.lines(rows, "\(places[0])", "\(places[1])"))
    }
    if rows.contains(where: { $0.verdict == .different }) { return 1 }
    return rows.contains { $0.verdict != .equal } || rows.isEmpty ? 2 : 0
  }

  /// Looks until every source was found at one message in both.
  private static func compare(
    _ first: SnapshotPlace, _ second: SnapshotPlace, tries: Int, pause: Duration
  ) throws -> [SourceComparison] {
    var settled: [SourceComparison] = []
    // Files do not catch up with each other.
    let looks = first.isFile && second.isFile ? 1 : tries
    for attempt in 1...looks {
      let mine = try first.read { try SnapshotAccounts($0.reader()) }
      let rows = try mine.compare(with: second.read { try SnapshotAccounts($0.reader()) })
      settled = rows.map { row in
        guard row.verdict == .apart || row.verdict == .missing else { return row }
        return settled.first { $0.isOfSameSource(as: row) && $0.verdict == .equal } ?? row
      }
      let isSettled = settled.allSatisfy { $0.verdict == .equal || $0.verdict == .different }
      if isSettled && !settled.isEmpty || attempt == looks { break }
      Pause.microseconds(Int(pause / .microseconds(1)))
    }
    return settled
  }
}

extension SourceComparison {
  fileprivate func isOfSameSource(as other: SourceComparison) -> Bool {
    endpoint == other.endpoint && model == other.model && rank == other.rank
  }
}
