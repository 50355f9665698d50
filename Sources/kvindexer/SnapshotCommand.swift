import KVIndexer
import Service
import Tokenize

/// `kvindexer snapshot inspect`: what is in a snapshot.
enum SnapshotCommand: Command {
  static let help = """
    usage: kvindexer snapshot inspect FILE|URL [OPTIONS]

    Prints what a snapshot of an index holds: a file of `serve --state-dir`, or what a service
    knows now. Every checksum is verified; the hash key is not needed.

    \(SnapshotPlace.help)
      --json               print it as JSON
    """

  static func run(_ given: Arguments) throws -> Int32 {
    var arguments = given
    let security = try SnapshotPlace.security(&arguments)
    let isJSON = arguments.flag("--json")
    let words = try arguments.words(2)
    guard words[0] == "inspect" else {
      throw UsageError(message: "there is no 'snapshot \(words[0])'; did you mean 'inspect'?")
    }
    let place = SnapshotPlace(words[1], security)
    let image = try place.read()
    if isJSON {
      print(String(decoding: json(image).bytes, as: UTF8.self))
    } else {
      show(image, of: place)
    }
    return 0
  }

  private static func show(_ image: SnapshotImage, of place: SnapshotPlace) {
    let totals = image.totals
    let age = max(Int(WallClock.seconds()) - Int(clamping: image.header.writtenAt), 0)
    print(
      "\(place): \(image.byteCount) bytes, written \(age) s ago, key "
        + String(image.header.keyCheck, radix: 16))
    print(
      "\(totals.residencies) residencies of \(totals.blocks) blocks in \(totals.runs) runs, "
        + "\(image.namespaces.count) namespaces")
    var table = TextTable([
      "ENDPOINT", .number("RANK"), "MODEL", .number("SEQUENCE"), "HISTORY", .number("LIFE"),
      .number("RESIDENT"), .number("ORPHANS"), "DAMAGE",
    ])
    for source in image.sources {
      table.add([
        StyledText(source.endpoint, .strong), "\(source.rank)", "\(source.model)",
        "\(source.stream.map { "\($0.next)" } ?? "-")",
        "\(source.stream?.history.word ?? "-")", "\(source.incarnation.number)",
        "\(Quantity.count(source.residencies))", "\(source.orphans.count)",
        "\(source.damage?.rawValue ?? source.mismatch?.rawValue ?? "")",
      ])
    }
    Screen.standardOutput.print(table.lines)
  }

  private static func json(_ image: SnapshotImage) -> JSONWriter {
    var json = JSONWriter()
    json.object { json in
      json.field("bytes", image.byteCount)
      json.field("written_at", Int(clamping: image.header.writtenAt))
      json.field("runs", image.totals.runs)
      json.field("blocks", image.totals.blocks)
      json.field("residencies", image.totals.residencies)
      json.field("sources") { json in
        json.array { json in
          for source in image.sources {
            json.object { json in
              json.field("endpoint", source.endpoint)
              json.field("rank", source.rank)
              json.field("model", source.model)
              json.field("next_sequence", source.stream.map { Int(clamping: $0.next) })
              json.field("history", source.stream?.history.word)
              json.field("incarnation", Int(source.incarnation.number))
              json.field("residencies", source.residencies)
              json.field("orphans", source.orphans.count)
            }
          }
        }
      }
    }
    return json
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
