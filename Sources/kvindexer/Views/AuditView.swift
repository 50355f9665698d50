import KVIndexer
import Tokenize

/// Two indexers, source by source.
enum AuditView {
  private static let examplesMax = 3

  static func lines(
    _ rows: [SourceComparison], _ first: String, _ second: String
  ) -> [StyledText] {
    let head: [StyledText] = [StyledText("A  \(first)"), StyledText("B  \(second)"), ""]
    guard !rows.isEmpty else {
      return head + [StyledText("Neither follows any source.", .doubtful)]
    }
    var table = TextTable([
      "ENDPOINT", .number("RANK"), "MODEL", .number("NEXT A"), .number("NEXT B"),
      .number("RESIDENT A"), .number("RESIDENT B"), .number("ONLY A"), .number("ONLY B"),
      "VERDICT", "",
    ])
    for row in rows {
      let (a, b) = (row.first, row.second)
      table.add([
        StyledText(row.endpoint, .strong), "\(row.rank)", "\(row.model)", next(a), next(b),
        number(a?.residencies), number(b?.residencies), number(a?.only), number(b?.only),
        verdict(row.verdict), StyledText(explanation(row), .faint),
      ])
    }
    return head + table.lines + ["", StyledText(summary(rows))]
  }

  private static func number(_ value: Int?) -> StyledText { "\(Quantity.count(value))" }

  private static func next(_ side: SourceComparison.Side?) -> StyledText {
    number(side?.next.map { Int(clamping: $0) })
  }

  private static func verdict(_ verdict: SourceComparison.Verdict) -> StyledText {
    switch verdict {
    case .equal: StyledText(verdict.rawValue, .good)
    case .different: StyledText(verdict.rawValue, .bad)
    case .apart, .missing: StyledText(verdict.rawValue, .doubtful)
    }
  }

  private static func explanation(_ row: SourceComparison) -> String {
    switch row.verdict {
    case .equal: ""
    case .different:
      row.examples.isEmpty
        ? "they follow two streams, or other blocks wait for parents"
        : "for example block "
          + row.examples.prefix(examplesMax).map { String($0.bits, radix: 16) }
          .joined(separator: ", ")
    case .apart: "they were never seen at the same message; try again with more --tries"
    case .missing: row.first == nil ? "A does not follow it" : "B does not follow it"
    }
  }

  private static func summary(_ rows: [SourceComparison]) -> String {
    let verdicts: [SourceComparison.Verdict] = [.equal, .different, .apart, .missing]
    let parts = verdicts.compactMap { verdict -> String? in
      let count = rows.count { $0.verdict == verdict }
      return count > 0 ? "\(count) \(verdict.rawValue)" : nil
    }
    return "\(rows.count) \(rows.count == 1 ? "source" : "sources"): "
      + parts.joined(separator: ", ")
  }

  static func json(_ rows: [SourceComparison]) -> JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.field("sources") { json in
        json.array { json in
          for row in rows { json.object { json in fields(row, &json) } }
        }
      }
    }
    return json
  }

  private static func fields(_ row: SourceComparison, _ json: inout JSONWriter) {
    json.field("endpoint", row.endpoint)
    json.field("rank", row.rank)
    json.field("model", row.model)
    json.field("verdict", row.verdict.rawValue)
    for (name, side) in [("a", row.first), ("b", row.second)] {
      json.field(name) { json in
        json.object { json in
          json.field("next_sequence", side?.next.map { Int(clamping: $0) })
          json.field("history", side?.history?.word)
          json.field("residencies", side?.residencies)
          json.field("only", side?.only)
        }
      }
    }
  }
}
