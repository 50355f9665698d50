import KVIndexer
import Service

/// `kvindexer snapshot inspect`: what is in a snapshot.
enum SnapshotCommand: Command {
  static let help = """
    usage: kvindexer snapshot inspect FILE|DIR|URL [OPTIONS]

    Prints what a snapshot of an index holds: the directory of `serve --state-dir`, the file
    'snapshot' in it, or what a running service knows now. All of it is verified; the hash key is
    not needed.

    \(SnapshotPlace.help)
      --json               print it as JSON

    Exit status: 0 it is whole, 1 it can't be read or is damaged, 2 the command line is wrong.
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
    let contents = try place.read { try SnapshotContents($0) }
    if isJSON {
      print(String(decoding: SnapshotView.json(contents).bytes, as: UTF8.self))
    } else {
      Screen.standardOutput.print(
        SnapshotView.lines(contents, of: "\(place)", now: UInt64(WallClock.seconds())))
    }
    return 0
  }
}

/// A snapshot without its tree.
struct SnapshotContents {
  var header: SnapshotHeader
  var namespaces: Int
  var sources: [SnapshotSource]
  var byteCount: Int
  var totals: SnapshotTotals

  /// Reads and verifies all of it.
  init(_ file: SnapshotFile) throws(SnapshotError) {
    let reader = try file.reader()
    header = reader.header
    namespaces = reader.namespaces.count
    sources = reader.sources
    byteCount = file.byteCount
    totals = try reader.verify()
  }
}
