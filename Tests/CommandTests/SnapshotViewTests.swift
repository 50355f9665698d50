import Service
import Testing

@testable import KVIndexer
@testable import kvindexer

/// What `snapshot inspect` and `audit` say to somebody who sees them for the first time.
@Suite struct SnapshotViewTests {
  private static let source = SnapshotSource(
    endpoint: "vllm-0", model: "m", rank: 0, duplicates: .counted, incarnation: Incarnation(2),
    damage: nil, mismatch: nil,
    stream: SequenceTracker.Record(
      delivered: [.init(sequence: 1_233, digest: PayloadDigest(7))], history: .complete),
    groups: [
      .init(
        number: 0, spec: CacheSpec(kind: .full), blockSize: 16,
        lanes: [.init(tier: .gpu, number: 0, blocks: 12_345, copies: [])], aliases: [],
        pending: [])
    ],
    orphans: [.init(parent: 1, group: 0, tier: .gpu, hashes: [2, 3], locals: [4, 5])])

  private static let lost = SnapshotSource(
    endpoint: "b", model: "m", rank: 1, duplicates: .counted, incarnation: Incarnation(0),
    damage: .budget, mismatch: nil, stream: nil, groups: [], orphans: [])

  /// An empty index's snapshot, and what is in it.
  private static func empty() throws -> (bytes: [UInt8], contents: SnapshotContents) {
    let fleet = FleetIndex(hasher: BlockHasher(sharedKey: "k"), byteBudget: 1 << 20)
    var capture = SnapshotCapture(hasher: fleet.hasher, writtenAt: 1_700_000_000)
    while case .more = capture.advance(over: fleet) { capture.settle() }
    var pieces = capture.finish().sealed()
    var bytes: [UInt8] = []
    while let piece = pieces.next() { bytes += piece }
    #expect(bytes.count == pieces.byteCount)
    let directory = try TemporaryDirectory(for: "kvi-view")
    defer { directory.remove() }
    let path = try directory.write(bytes, to: "snapshot")
    let contents = try SnapshotContents(SnapshotFile(path))
    return (bytes, contents)
  }

  @Test func `a snapshot is two lines and a table of its sources`() throws {
    var contents = try Self.empty().contents
    let place = "state/snapshot"
    let bare = SnapshotView.lines(contents, of: place, now: 1_700_000_090).map(\.plain)
    #expect(bare[0].hasPrefix("state/snapshot: \(contents.byteCount) B, written 1 min 30 s ago"))
    #expect(bare[2] == "It holds no sources.")
    contents.sources = [Self.source, Self.lost]
    let lines = SnapshotView.lines(contents, of: place, now: 0).map(\.plain)
    #expect(
      lines[3...] == [
        "ENDPOINT  RANK  MODEL  NEXT MESSAGE  HISTORY   LIFE  RESIDENT  ORPHANS  DAMAGE",
        "vllm-0       0  m             1,234  complete     2    12,345        2",
        "b            1  m                 -  -            0         0        0  budget",
      ])
  }

  @Test func `JSON says the same`() throws {
    struct Answer: Decodable {
      struct Source: Decodable {
        var endpoint: String, nextSequence: Int?, residencies: Int, orphans: Int, damage: String?
      }
      var hashKey: String, writtenAt: Int, sources: [Source]
    }
    var contents = try Self.empty().contents
    contents.sources = [Self.source, Self.lost]
    let answer = try ServiceLocation.read(Answer.self, from: SnapshotView.json(contents).bytes)
    #expect(answer.hashKey.count == 16 && answer.writtenAt == 1_700_000_000)
    #expect(answer.sources.map(\.nextSequence) == [1_234, nil])
    #expect(answer.sources.map(\.residencies) == [12_345, 0])
    #expect(answer.sources.map(\.damage) == [nil, "budget"])
  }

  @Test func `a comparison has a line a source, and counts verdicts`() throws {
    let directory = try TemporaryDirectory(for: "kvi-snapshot-view")
    defer { directory.remove() }
    let path = try directory.write(Self.empty().bytes, to: "snapshot")
    let empty = try SnapshotAccounts(SnapshotFile(path).reader())
    #expect(try empty.compare(with: empty).isEmpty)
    #expect(AuditView.lines([], "a", "b").last?.plain == "Neither follows any source.")
    let rows = [Self.row("vllm-0", .equal, 12_345), Self.row("b", .missing, nil)]
    #expect(
      AuditView.lines(rows, "http://a", "file").map(\.plain) == [
        "A  http://a", "B  file", "",
        "ENDPOINT  RANK  MODEL  NEXT A  NEXT B  RESIDENT A  RESIDENT B  ONLY A  ONLY B  VERDICT",
        "vllm-0       0  m           7       7      12,345      12,345       0       0  equal",
        "b            0  m           7       -           0           -       0       -  missing  "
          + "B does not follow it",
        "", "2 sources: 1 equal, 1 missing",
      ])
  }

  private static func row(
    _ endpoint: String, _ verdict: SourceComparison.Verdict, _ second: Int?
  ) -> SourceComparison {
    SourceComparison(
      endpoint: endpoint, model: "m", rank: 0, verdict: verdict,
      first: .init(next: 7, history: .complete, residencies: second ?? 0),
      second: second.map { .init(next: 7, history: .complete, residencies: $0) })
  }

  private func message(_ path: String) -> String {
    do {
      _ = try SnapshotPlace(path, HTTPClient.Security()).read { try $0.reader().verify() }
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `whatever is no snapshot is named, with what to do`() throws {
    let directory = try TemporaryDirectory(for: "kvi-snapshot-view")
    let text = try directory.write(Array("hello, world".utf8), to: "text")
    #expect(
      message(text).hasPrefix("\(text) is no snapshot of an index: give the directory of `serve"))
    let bytes = try Self.empty().bytes
    let cut = try directory.write(bytes.dropLast(9), to: "cut")
    #expect(message(cut).hasPrefix("\(cut) is damaged: it ends within its section 'end'"))
    #expect(message(directory.path(of: "gone")).hasSuffix("gone: No such file or directory"))
    // A directory means the snapshot in it.
    #expect(message(directory.path).hasSuffix("/snapshot: No such file or directory"))
    _ = try directory.write(bytes, to: "snapshot")
    #expect(message(directory.path) == "")
    #expect(message("http://127.0.0.1:1").hasPrefix("http://127.0.0.1:1: no snapshot from there"))
  }

  @Test func `the exit status says what came of it`() throws {
    let directory = try TemporaryDirectory(for: "kvi-snapshot-view")
    defer { directory.remove() }
    let path = try directory.write(Self.empty().bytes, to: "snapshot")
    #expect(CommandLineTool.run(["snapshot", "inspect", path, "--json"]) == 0)
    #expect(CommandLineTool.run(["snapshot", "inspect", "/dev/null"]) == 1)
    #expect(CommandLineTool.run(["snapshot", "show", path]) == 2)
    // Nothing is followed, so nothing could be compared.
    #expect(CommandLineTool.run(["audit", path, path]) == 2)
    #expect(CommandLineTool.run(["audit", path, "/dev/null"]) == 2)
  }
}
