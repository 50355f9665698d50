import KVIndexer
import Service
import Simulation
import Testing

/// Two indexers over the same engines end in the same state, whatever each of them missed.
@Suite(.serialized) struct TwinIndexersTests {
  private static let key = "the key of both twins"

  private func twin(_ engines: [PublishedEngine]) throws -> ServiceHarness {
    try ServiceHarness(engines.enumerated().map { $1.entry("e\($0)") }) { $0.hashKey = Self.key }
  }

  private func accounts(_ harness: ServiceHarness) throws -> SnapshotAccounts {
    try SnapshotAccounts(
      PeerSnapshots.fetch(PeerConfiguration(server: .url(harness.url))).reader())
  }

  /// Compares both until every source is at one message in both.
  private func settled(
    _ first: ServiceHarness, _ second: ServiceHarness
  ) throws -> [SourceComparison] {
    try Deadline.wait {
      let rows = try accounts(first).compare(with: accounts(second))
      return rows.allSatisfy { $0.verdict == .equal || $0.verdict == .different } ? rows : nil
    }
  }

  @Test(arguments: TestSeeds.upTo(4))
  func `random traffic with losses leaves twins alike`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let first = try twin(engines)
    let second = try twin(engines)
    for engine in engines { engine.store(0..<1) }
    for harness in [first, second] {
      for name in ["e0", "e1"] { try harness.wait(for: .exact(64), of: 0, on: name) }
    }
    for step in 0..<300 {
      let engine = engines[random.below(2)]
      // Some messages come by replay only.
      if step == 150 { engines[0].publisher.dropConnections() }
      let isLost = random.below(12) == 0
      let prompt = random.below(40)
      switch random.below(10) {
      case 0..<6: engine.store(prompt..<prompt + 1, blocks: 1 + random.below(6), isLost: isLost)
      case 6..<9: engine.remove(prompt, block: random.below(6), isLost: isLost)
      default: if random.below(20) == 0 { engine.clear() }
      }
    }
    for engine in engines { engine.store(99..<100) }
    for harness in [first, second] {
      for name in ["e0", "e1"] { try harness.wait(for: .exact(64), of: 99, on: name) }
    }
    let rows = try settled(first, second)
    #expect(rows.count == 2)
    for row in rows {
      #expect(row.verdict == .equal, "\(row)")
      #expect(row.first?.residencies ?? 0 > 0 && row.first?.history == .complete)
    }
    first.service.stop()
    second.service.stop()
  }

  @Test func `a difference is found, and its block named`() throws {
    let engine = try PublishedEngine()
    let first = try twin([engine])
    engine.store(0..<5)
    try first.wait(for: .exact(64), of: 4, on: "e0")
    let before = try accounts(first)
    let fleet = first.service.fleet
    let source = try #require(fleet.read { $0.sourceIDs.first })
    // What no event says: one of both has forgotten everything.
    fleet.write { _ = $0.clear(source) }
    let rows = try before.compare(with: accounts(first))
    #expect(rows.count == 1)
    #expect(rows.first?.verdict == .different)
    #expect(rows.first?.first?.only == 20 && rows.first?.second?.only == 0)
    #expect(rows.first?.examples.count == 8)
    #expect(try before.compare(with: before).first?.verdict == .equal)
    engine.store(5..<6)
    try first.wait(for: .exact(64), of: 5, on: "e0")
    #expect(try before.compare(with: accounts(first)).first?.verdict == .apart)
    first.service.stop()
  }

  @Test func `under two keys nothing can be compared`() throws {
    let engine = try PublishedEngine()
    let first = try twin([engine])
    let second = try ServiceHarness([engine.entry("e0")]) { $0.hashKey = "another key than theirs" }
    #expect(throws: SnapshotError.otherKey) {
      _ = try accounts(first).compare(with: accounts(second))
    }
    first.service.stop()
    second.service.stop()
  }
}
