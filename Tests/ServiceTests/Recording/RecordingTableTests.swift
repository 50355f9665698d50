import Foundation
import KVIndexer
import Service
import Simulation
import Testing

/// Every recording of a real engine, predicted against delivered: the table of docs/RECORDINGS.md.
@Suite struct RecordingTableTests {
  struct Entry: Sendable, CustomTestStringConvertible {
    var name: String
    var requests: Int
    var equal: Int
    var equalFromEvents: Int

    init(_ name: String, _ requests: Int, equal: Int? = nil, fromEvents: Int? = nil) {
      self.name = name
      self.requests = requests
      self.equal = equal ?? requests
      equalFromEvents = fromEvents ?? self.equal
    }

    var testDescription: String { name }
  }

  static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("fixtures/recordings").path

  /// Recordings in which the cache is reset: events tell of it one request late.
  private static let withReset = [
    "block128_basic", "block32_basic", "connect_basic", "hash_sha256_bytes_basic",
    "hash_sha256_cbor_bytes_basic", "hash_sha256_cbor_int_basic", "hash_xxhash_bytes_basic",
    "hash_xxhash_cbor_bytes_basic",
  ].map { Entry($0, 5, fromEvents: 4) }

  static let table =
    withReset + [
      Entry("cache_salt", 5), Entry("concurrent", 10, equal: 8, fromEvents: 4),
      Entry("data_parallel", 8), Entry("duplicate_evict", 28), Entry("eviction", 9),
      Entry("exact_block", 6), Entry("generation", 2), Entry("hybrid", 8),
      Entry("legacy_synthetic", 0), Entry("lora", 6), Entry("multi_block", 2),
      Entry("multi_turn", 5), Entry("parallel_n", 1), Entry("preemption", 5),
      Entry("prompt_logprobs", 3), Entry("replay", 0), Entry("report_full", 3),
      Entry("reset", 4, fromEvents: 3), Entry("restart", 0), Entry("shared_prefix", 5),
      Entry("short_prompt", 3), Entry("token_in_token_out", 3), Entry("truth", 240),
      Entry("truth_concurrent", 200, equal: 197, fromEvents: 195),
    ]

  private func replay(_ name: String, eventsOnly: Bool = false) throws -> ReplayReport {
    var options = RecordingReplay.Options()
    options.eventsOnly = eventsOnly
    return try RecordingReplay.run(path: "\(Self.folder)/\(name)", options: options)
  }

  @Test(arguments: table)
  func `predictions equal what the engine delivered`(entry: Entry) throws {
    let report = try replay(entry.name)
    #expect(report.rows.count == entry.requests)
    #expect(report.equalCount == entry.equal)
    #expect(report.isEqual == (entry.equal == entry.requests))
    #expect(report.decoding.skipped == 0 && report.decoding.unknownFields == 0)
    let last = "\(entry.equal) of \(entry.requests) predictions equal"
    #expect(report.text(onlyDifferences: true).hasSuffix(last))
  }

  @Test(arguments: table)
  func `from events alone they are as exact as events can be`(entry: Entry) throws {
    let report = try replay(entry.name, eventsOnly: true)
    #expect(report.rows.count == entry.requests)
    #expect(report.equalCount == entry.equalFromEvents)
  }

  @Test func `the table names every recording there is`() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
      .filter { $0 != "README.md" }
    #expect(names.sorted() == Self.table.map(\.name).sorted())
  }

  @Test func `what differs with requests in flight is what the documentation explains`() throws {
    func differing(_ name: String) throws -> [[Int]] {
      try replay(name).rows.filter { !$0.isEqual }
        .map { [$0.id, $0.predictedTokens, $0.deliveredTokens] }
    }
    #expect(try differing("concurrent") == [[0, 0, 64], [1, 64, 0]])
    #expect(
      try differing("truth_concurrent") == [[23, 64, 48], [70, 240, 176], [71, 160, 112]])
  }

  @Test func `every source of the sequential ground truth is exact at its end`() throws {
    let report = try replay("truth")
    #expect(report.sources.map(\.name) == ["port 8000", "port 8001"])
    for source in report.sources {
      #expect(source.status.trust == .exact)
      #expect(source.status.counters.unknownRemovals == 0)
      #expect(source.status.orphansWaiting == 0)
    }
  }

  @Test func `a restart in the stream is seen, and its blocks are those of the new engine`() throws
  {
    let report = try replay("restart")
    #expect(report.incarnations == 1)
    #expect(report.sources.first?.status.blocks[.gpu] == 4)
    #expect(report.sources.first?.status.trust == .exact)
  }

  @Test(
    arguments: [
      ("concurrent", 16), ("block32_basic", 32), ("block128_basic", 128), ("hybrid", 32),
      ("restart", nil), ("truth", nil),
    ] as [(String, Int?)])
  func `the block size of an engine is read from its recorded configuration`(
    name: String, blockSize: Int?
  ) throws {
    let server = try RecordedServer.read(from: "\(Self.folder)/\(name)/server.json")
    #expect(server?.blockSize == blockSize)
  }

  @Test func `a recording that is not there, or is none, is an error that names it`() throws {
    for path in ["/nonexistent/recording", Self.folder + "/README.md"] {
      let error = #expect(throws: InputFileError.self) { try RecordingReplay.run(path: path) }
      #expect(error?.file == path)
    }
    let directory = try TemporaryDirectory()
    let error = #expect(throws: InputFileError.self) {
      try RecordingReplay.run(path: directory.path)
    }
    #expect(error?.reason.contains("frames") == true)
    try directory.write("{", to: "server.json")
    try directory.write("", to: "frames.jsonl")
    #expect(throws: InputFileError.self) { try RecordingReplay.run(path: directory.path) }
  }
}
