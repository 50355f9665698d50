import Glibc
import KVIndexer
import Service
import Tokenize

/// `kvindexer audit A B`: whether two indexers over the same engines know the same.
enum AuditCommand: Command {
  static let help = """
    usage: kvindexer audit A B [OPTIONS]

    Fetches what two indexers know (URLs, or files of snapshots) and compares it source by source
    and block by block, where both have applied the same messages. Sources that are apart are
    looked at again. Both need the same hash key.

      --tries N            looks before a source counts as apart (10)
      --pause TIME         between two of them (300ms)
    \(SnapshotPlace.help)
      --json               print the comparison as JSON

    Exit status: 0 all equal, 1 something differs, 2 something could not be compared.
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
      print(String(decoding: json(rows).bytes, as: UTF8.self))
    } else {
      show(rows, places)
    }
    if rows.contains(where: { $0.verdict == .different }) { return 1 }
    return rows.contains { $0.verdict != .equal } || rows.isEmpty ? 2 : 0
  }

  /// Looks until every source was found at one message in both.
  private static func compare(
    _ first: SnapshotPlace, _ second: SnapshotPlace, tries: Int, pause: Duration
  ) throws -> [SourceComparison] {
    var settled: [SourceComparison] = []
    for attempt in 1...tries {
      let rows = try SnapshotImage.compare(first.read(), second.read())
      settled = rows.map { row in
        guard row.verdict == .apart || row.verdict == .missing else { return row }
        return settled.first { $0.isOfSameSource(as: row) && $0.verdict == .equal } ?? row
      }
      let isSettled = settled.allSatisfy { $0.verdict == .equal || $0.verdict == .different }
      if isSettled && !settled.isEmpty || attempt == tries { break }
      let nanoseconds = Int(pause / .nanoseconds(1))
      var time = timespec(
        tv_sec: nanoseconds / 1_000_000_000, tv_nsec: nanoseconds % 1_000_000_000)
      nanosleep(&time, nil)
    }
    return settled
  }

  private static func show(_ rows: [SourceComparison], _ places: [SnapshotPlace]) {
    print("A = \(places[0])\nB = \(places[1])")
    var table = TextTable([
      "ENDPOINT", .number("RANK"), .number("SEQUENCE A"), .number("B"), .number("RESIDENT A"),
      .number("B"), .number("ONLY A"), .number("ONLY B"), "VERDICT", "",
    ])
    for row in rows {
      table.add([
        StyledText(row.endpoint, .strong), "\(row.rank)", number(row.first?.next.map { "\($0)" }),
        number(row.second?.next.map { "\($0)" }), number(row.first.map { "\($0.residencies)" }),
        number(row.second.map { "\($0.residencies)" }), number(row.first.map { "\($0.only)" }),
        number(row.second.map { "\($0.only)" }), "\(row.verdict.rawValue)",
        "\(explanation(row))",
      ])
    }
    Screen.standardOutput.print(table.lines)
  }

  private static func number(_ text: String?) -> StyledText { "\(text ?? "-")" }

  private static func explanation(_ row: SourceComparison) -> String {
    switch row.verdict {
    case .equal: ""
    case .different:
      row.examples.isEmpty
        ? "they follow two streams, or other blocks wait for parents"
        : "for example "
          + row.examples.prefix(3).map { String($0.bits, radix: 16) }
          .joined(separator: ", ")
    case .apart: "they were never seen at the same message; try again with more --tries"
    case .missing: row.first == nil ? "A does not follow it" : "B does not follow it"
    }
  }

  private static func json(_ rows: [SourceComparison]) -> JSONWriter {
    func side(_ side: SourceComparison.Side?, _ json: inout JSONWriter) {
      json.object { json in
        json.field("next_sequence", side?.next.map { Int(clamping: $0) })
        json.field("history", side?.history?.word)
        json.field("residencies", side?.residencies)
        json.field("only", side?.only)
      }
    }
    var json = JSONWriter()
    json.object { json in
      json.field("sources") { json in
        json.array { json in
          for row in rows {
            json.object { json in
              json.field("endpoint", row.endpoint)
              json.field("rank", row.rank)
              json.field("verdict", row.verdict.rawValue)
              json.field("a") { json in side(row.first, &json) }
              json.field("b") { json in side(row.second, &json) }
            }
          }
        }
      }
    }
    return json
  }
}

extension SourceComparison {
  fileprivate func isOfSameSource(as other: SourceComparison) -> Bool {
    endpoint == other.endpoint && model == other.model && rank == other.rank
  }
}
