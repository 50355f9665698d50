import KVIndexer
import Simulation
import Testing

/// Blocks on the GPU, in the memory of the host, on disks and elsewhere.
@Suite struct TierTests {
  private func stored(
    _ prompt: [TokenID], blocks: Range<Int>, medium: String?
  ) -> EngineEvent {
    .stored(prompt, blocks: blocks) { $0.medium = medium }
  }

  private func tiers(_ match: PrefixMatch?) -> [Int] {
    Tier.allCases.map { match?.tierTokens[$0] ?? -1 }
  }

  @Test func `a lower tier continues the prefix of the one above it`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [
        stored(tokens(20), blocks: 0..<3, medium: "GPU"),
        stored(tokens(20), blocks: 3..<5, medium: "CPU"),
      ], from: source)
    let match = try #require(harness.match(tokens(21))?.best)
    #expect(match.matchedTokens == 20)
    #expect(tiers(match) == [12, 0, 0, 0])
    #expect(harness.status(source)?.blocks == [.gpu: 3, .cpu: 2])
  }

  @Test func `three tiers continue each other`() throws {
    let harness = FleetHarness()
    try harness.apply(
      [
        stored(tokens(40), blocks: 0..<3, medium: "gpu"),
        stored(tokens(40), blocks: 3..<6, medium: "cpu"),
        stored(tokens(40), blocks: 6..<8, medium: "STORAGE"),
        stored(tokens(40), blocks: 9..<10, medium: "CPU"),
      ], from: harness.add())
    #expect(harness.matched(tokens(41)) == 32)
  }

  @Test func `a prefix may be in a lower tier alone`() throws {
    let harness = FleetHarness()
    try harness.apply(
      [stored(tokens(20), blocks: 0..<5, medium: "CPU")], from: harness.add())
    let match = try #require(harness.match(tokens(20))?.best)
    #expect(match.matchedTokens == 16)
    #expect(tiers(match) == [0, 16, 0, 0])
  }

  @Test func `a block offloaded before it is evicted stays usable`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(20))], from: source)
    try harness.apply([stored(tokens(20), blocks: 0..<5, medium: "CPU")], from: source)
    try harness.apply([.removed(tokens(20), blocks: 2..<5)], from: source)
    let match = try #require(harness.match(tokens(21))?.best)
    #expect(match.matchedTokens == 20)
    #expect(tiers(match) == [8, 20, 0, 0])
    try harness.apply(
      [.removed(tokens(20), blocks: 3..<4) { $0.medium = "cpu" }], from: source)
    #expect(harness.matched(tokens(21)) == 12)
  }

  @Test func `a placeholder without tokens is known by its hash`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(20))], from: source)
    try harness.apply([.placeholder(tokens(20), blocks: 0..<5)], from: source)
    try harness.apply([.removed(tokens(20), blocks: 0..<5)], from: source)
    #expect(harness.matched(tokens(21)) == 20)
    #expect(harness.counters(source).unpairedStores == 0)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `a placeholder may come before the block that it names`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.placeholder(tokens(20), blocks: 1..<5)], from: source)
    #expect(harness.matched(tokens(21)) == 0)
    #expect(harness.status(source)?.groups.first?.pending == 4)
    try harness.apply([.stored(tokens(20))], from: source)
    #expect(harness.status(source)?.groups.first?.pending == 0)
    try harness.apply([.removed(tokens(20), blocks: 1..<5)], from: source)
    #expect(harness.matched(tokens(21)) == 20)
  }

  @Test func `a placeholder that is removed again does not come into being later`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    for _ in 0..<2 { try harness.apply([.placeholder(tokens(20), blocks: 4..<5)], from: source) }
    let removal = EngineEvent.removed(tokens(20), blocks: 4..<5) { $0.medium = "CPU" }
    try harness.apply([removal, removal], from: source)
    #expect(harness.counters(source).removedBlocks == 2)
    try harness.apply([.stored(tokens(20))], from: source)
    try harness.apply([.removed(tokens(20), blocks: 4..<5)], from: source)
    #expect(harness.matched(tokens(21)) == 16)
  }

  @Test func `placeholders wait in bounded number, and one too many is declared`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    var placeholders = StoredBlocks(
      hashes: (0..<65_536).map { .integer(UInt64($0)) }, parent: nil, tokens: [], blockSize: 0)
    placeholders.medium = "CPU"
    try harness.apply([.stored(placeholders)], from: source)
    #expect(harness.status(source)?.groups.first?.pending == 65_536)
    #expect(harness.trust(source) == .exact)
    try harness.apply([.placeholder(tokens(4), blocks: 0..<1)], from: source)
    #expect(harness.status(source)?.groups.first?.pending == 65_536)
    #expect(harness.counters(source).orphansDropped == 1)
    #expect(harness.trust(source) == .degraded(.orphans))
  }

  @Test func `an unknown medium is counted and not credited`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([stored(tokens(20), blocks: 0..<5, medium: "TAPE")], from: source)
    try harness.apply(
      [.removed(tokens(20), blocks: 0..<1) { $0.medium = "TAPE" }], from: source)
    #expect(harness.counters(source).unknownMedia == 2)
    #expect(harness.matched(tokens(21)) == 0)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `no medium means the GPU`() throws {
    let harness = FleetHarness()
    try harness.apply([stored(tokens(20), blocks: 0..<5, medium: nil)], from: harness.add())
    #expect(tiers(harness.match(tokens(21))?.best) == [20, 0, 0, 0])
  }

  @Test func `a cleared cache with lower tiers credits nothing of them and says so`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [.stored(tokens(20)), stored(tokens(20), blocks: 0..<5, medium: "CPU"), .cleared],
      from: source)
    #expect(harness.matched(tokens(21)) == 0)
    #expect(harness.trust(source) == .degraded(.unprovenTier))
    try harness.apply([.stored(tokens(20))], from: source)
    #expect(harness.matched(tokens(21)) == 20)
    try harness.apply([.cleared], from: source)
    #expect(harness.trust(source) == .exact)
  }
}
