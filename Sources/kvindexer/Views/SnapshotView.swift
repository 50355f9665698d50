import KVIndexer
import Tokenize

/// What a snapshot holds: two lines, and a table of its sources.
enum SnapshotView {
  /// - Parameter now: Seconds since 1970.
  static func lines(_ contents: SnapshotContents, of place: String, now: UInt64) -> [StyledText] {
    let totals = contents.totals
    let age = now > contents.header.writtenAt ? Double(now - contents.header.writtenAt) : 0
    let head: [StyledText] = [
      StyledText(place, .strong)
        + StyledText(
          ": \(Quantity.bytes(contents.byteCount)), written \(Quantity.seconds(age)) ago, hash key "
            + key(contents)),
      StyledText(
        "\(Quantity.count(totals.residencies)) residencies of \(Quantity.count(totals.blocks)) "
          + "blocks in \(Quantity.count(totals.runs)) runs; "
          + "\(Quantity.count(contents.namespaces)) namespaces"),
    ]
    guard !contents.sources.isEmpty else { return head + ["It holds no sources."] }
    var table = TextTable([
      "ENDPOINT", .number("RANK"), "MODEL", .number("NEXT MESSAGE"), "HISTORY", .number("LIFE"),
      .number("RESIDENT"), .number("ORPHANS"), "DAMAGE",
    ])
    for source in contents.sources {
      table.add([
        StyledText(source.endpoint, .strong), "\(source.rank)", "\(source.model)",
        "\(Quantity.count(source.stream.map { Int(clamping: $0.next) }))",
        "\(source.stream?.history.word ?? Quantity.unknown)", "\(source.incarnation.number)",
        "\(Quantity.count(source.residencies))",
        "\(Quantity.count(source.orphans.reduce(0) { $0 + $1.hashes.count }))",
        "\(damage(source) ?? "")",
      ])
    }
    return head + [""] + table.lines
  }

  /// Equal keys look equal; it tells nothing of the key.
  private static func key(_ contents: SnapshotContents) -> String {
    let digits = String(contents.header.keyCheck, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func damage(_ source: SnapshotSource) -> String? {
    source.damage?.rawValue ?? source.mismatch?.rawValue
  }

  static func json(_ contents: SnapshotContents) -> JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.field("bytes", contents.byteCount)
      json.field("written_at", Int(clamping: contents.header.writtenAt))
      json.field("hash_key", key(contents))
      json.field("namespaces", contents.namespaces)
      json.field("runs", contents.totals.runs)
      json.field("blocks", contents.totals.blocks)
      json.field("residencies", contents.totals.residencies)
      json.field("sources") { json in
        json.array { json in
          for source in contents.sources { json.object { json in fields(source, &json) } }
        }
      }
    }
    return json
  }

  private static func fields(_ source: SnapshotSource, _ json: inout JSONWriter) {
    json.field("endpoint", source.endpoint)
    json.field("rank", source.rank)
    json.field("model", source.model)
    json.field("next_sequence", source.stream.map { Int(clamping: $0.next) })
    json.field("history", source.stream?.history.word)
    json.field("incarnation", Int(source.incarnation.number))
    json.field("residencies", source.residencies)
    json.field("orphans", source.orphans.reduce(0) { $0 + $1.hashes.count })
    json.field("damage", damage(source))
  }
}

extension History {
  /// As metrics name it.
  var word: String {
    switch self {
    case .complete: "complete"
    case .incomplete(let cause): cause.name
    }
  }
}
