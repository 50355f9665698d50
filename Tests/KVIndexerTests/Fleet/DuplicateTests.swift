import KVIndexer
import Simulation
import Testing

/// Copies of a block, and blocks that go out of the middle.
@Suite struct DuplicateTests {
  @Test(arguments: 1...4)
  func `a block stored several times is held until every copy is removed`(copies: Int) throws {
    let harness = FleetHarness()
    let source = harness.add()
    for _ in 0..<copies { try harness.apply([.stored(tokens(12))], from: source) }
    #expect(harness.counters(source).storedBlocks == 3)
    #expect(harness.counters(source).copiedBlocks == 3 * (copies - 1))
    for copy in 1...copies {
      #expect(harness.matched(tokens(13)) == 12)
      try harness.apply([.removed(tokens(12), blocks: 2..<3)], from: source)
      #expect(harness.matched(tokens(13)) == (copy < copies ? 12 : 8))
    }
    #expect(harness.counters(source).removedBlocks == copies)
    #expect(harness.counters(source).unknownRemovals == 0)
    try harness.apply([.removed(tokens(12), blocks: 2..<3)], from: source)
    #expect(harness.counters(source).unknownRemovals == 1)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `by the other rule one removal ends all copies`() throws {
    let harness = FleetHarness()
    let source = harness.add(
      SourceConfiguration(endpoint: "a", model: "m", duplicates: .once))
    for _ in 0..<3 { try harness.apply([.stored(tokens(12))], from: source) }
    try harness.apply([.removed(tokens(12), blocks: 1..<2)], from: source)
    #expect(harness.matched(tokens(13)) == 4)
    try harness.apply([.stored(tokens(12), blocks: 1..<2)], from: source)
    #expect(harness.matched(tokens(13)) == 12)
  }

  @Test func `the rule survives a clear and a restart`() throws {
    let harness = FleetHarness()
    let source = harness.add(SourceConfiguration(endpoint: "a", model: "m", duplicates: .once))
    try harness.apply([.stored(tokens(12)), .cleared], from: source)
    for _ in 0..<2 { try harness.apply([.stored(tokens(12))], from: source) }
    try harness.apply([.removed(tokens(12), blocks: 1..<2)], from: source)
    #expect(harness.matched(tokens(13)) == 4)
    let next = Incarnation(2)
    harness.beginIncarnation(next, of: source)
    for _ in 0..<2 { try harness.apply([.stored(tokens(12))], from: source, life: next) }
    try harness.apply([.removed(tokens(12), blocks: 1..<2)], from: source, life: next)
    #expect(harness.matched(tokens(13)) == 4)
  }

  @Test func `copies on one source do not count for another`() throws {
    let harness = FleetHarness()
    let (first, second) = (harness.add("a"), harness.add("b"))
    for _ in 0..<2 { try harness.apply([.stored(tokens(12))], from: first) }
    try harness.apply([.stored(tokens(12))], from: second)
    for source in [first, second] {
      try harness.apply([.removed(tokens(12), blocks: 0..<1)], from: source)
    }
    #expect(harness.matched(tokens(13), on: "a") == 12)
    #expect(harness.matched(tokens(13), on: "b") == 0)
  }

  @Test func `a hole ends the match, and filling it restores all behind it`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(40))], from: source)
    try harness.apply([.removed(tokens(40), blocks: 3..<5)], from: source)
    #expect(harness.matched(tokens(41)) == 12)
    #expect(harness.status(source)?.blocks[.gpu] == 8)
    try harness.apply([.stored(tokens(40), blocks: 4..<5)], from: source)
    #expect(harness.matched(tokens(41)) == 12)
    try harness.apply([.stored(tokens(40), blocks: 3..<4)], from: source)
    #expect(harness.matched(tokens(41)) == 40)
  }

  @Test func `a block that is gone can still be a parent while others are behind it`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(8))], from: source)
    try harness.apply([.removed(tokens(8), blocks: 0..<1)], from: source)
    try harness.apply([.stored(tokens(12), blocks: 2..<3)], from: source)
    #expect(harness.matched(tokens(13)) == 0)
    try harness.apply([.stored(tokens(4))], from: source)
    #expect(harness.matched(tokens(13)) == 12)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `a removal that nothing is known of is counted and changes nothing`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.removed(tokens(12), blocks: 0..<3)], from: source)
    #expect(harness.counters(source).unknownRemovals == 3)
    try harness.apply([.stored(tokens(12))], from: source)
    #expect(harness.matched(tokens(13)) == 12)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `a removal on one source leaves the others' blocks alone`() throws {
    let harness = FleetHarness()
    let sources = (0..<70).map { harness.add("e\($0)") }
    for source in sources { try harness.apply([.stored(tokens(40))], from: source) }
    try harness.apply([.removed(tokens(40), blocks: 2..<10)], from: sources[33])
    for index in sources.indices {
      #expect(harness.matched(tokens(41), on: "e\(index)") == (index == 33 ? 8 : 40))
    }
    harness.fleet.index.checkInvariants()
  }
}
