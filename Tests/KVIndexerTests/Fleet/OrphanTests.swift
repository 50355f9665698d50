import KVIndexer
import Simulation
import Testing

/// Blocks whose parent is unknown.
@Suite struct OrphanTests {
  private let prompt = tokens(40)

  @Test func `an orphan is parked, not guessed at, and credited once its parent comes`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt, blocks: 4..<10)], from: source)
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.trust(source) == .degraded(.orphans))
    #expect(harness.status(source)?.orphansWaiting == 6)
    try harness.apply([.stored(prompt, blocks: 0..<4)], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.trust(source) == .exact)
    let counters = harness.counters(source)
    #expect(counters.orphansParked == 6 && counters.orphansResolved == 6)
    #expect(counters.orphansDropped == 0 && counters.storedBlocks == 10)
  }

  @Test(arguments: 0..<8 as Range<UInt64>)
  func `chains of orphans are resolved in whatever order they came`(seed: UInt64) throws {
    let harness = FleetHarness()
    let source = harness.add()
    var random = SplitMix64(seed: seed)
    var blocks = Array(0..<10)
    for index in blocks.indices.reversed() { blocks.swapAt(index, random.below(index + 1)) }
    for block in blocks {
      try harness.apply([.stored(prompt, blocks: block..<block + 1)], from: source)
    }
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.trust(source) == .exact)
    #expect(harness.status(source)?.orphansWaiting == 0)
  }

  @Test func `several orphans may wait for one parent`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let prompts = (1...3).map { Array(prompt.prefix(8)) + tokens(4 * $0, prompt: $0) }
    for prompt in prompts {
      try harness.apply([.stored(prompt, blocks: 2..<prompt.count / 4)], from: source)
    }
    try harness.apply([.stored(prompt, blocks: 0..<2)], from: source)
    for prompt in prompts { #expect(harness.matched(prompt + [1]) == prompt.count) }
  }

  @Test func `a chain as long as the bound is resolved at once`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let count = 65_536
    // Hashes are numbered here: those of `EngineEvent.hash` cost a pass over the prompt each.
    func stored(_ block: Int) -> EngineEvent {
      .stored(
        StoredBlocks(
          hashes: [.integer(UInt64(block) + 1)], parent: block == 0 ? nil : .integer(UInt64(block)),
          tokens: [TokenID(block)], blockSize: 1))
    }
    for start in stride(from: count, to: 0, by: -1024) {
      try harness.apply((start - 1023...start).reversed().map(stored), from: source)
    }
    try #require(harness.status(source)?.orphansWaiting == count)
    try harness.apply([stored(0)], from: source)
    #expect(harness.matched((0...count).map { TokenID($0) } + [0]) == count + 1)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `an orphan removed while it is parked does not come into being`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt, blocks: 4..<10)], from: source)
    try harness.apply([.removed(prompt, blocks: 6..<7)], from: source)
    #expect(harness.counters(source).removedBlocks == 1)
    #expect(harness.status(source)?.orphansWaiting == 5)
    try harness.apply([.stored(prompt, blocks: 0..<4)], from: source)
    #expect(harness.matched(prompt + [1]) == 24)
    // What was behind it waits for it, and is usable once it is there again.
    #expect(harness.trust(source) == .degraded(.orphans))
    try harness.apply([.stored(prompt, blocks: 6..<7)], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `copies of an orphan are counted one by one`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    for _ in 0..<2 { try harness.apply([.stored(prompt, blocks: 9..<10)], from: source) }
    try harness.apply([.removed(prompt, blocks: 9..<10)], from: source)
    try harness.apply([.stored(prompt, blocks: 0..<9)], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
    try harness.apply([.removed(prompt, blocks: 9..<10)], from: source)
    #expect(harness.matched(prompt + [1]) == 36)
  }

  @Test func `parked blocks are removed in any order, and as often as they were stored`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt, blocks: 2..<10)], from: source)
    try harness.apply([.stored(prompt, blocks: 5..<8)], from: source)
    for block in [9, 6, 6, 3, 9, 3] {
      try harness.apply([.removed(prompt, blocks: block..<block + 1)], from: source)
    }
    #expect(harness.counters(source).removedBlocks == 4)
    #expect(harness.counters(source).unknownRemovals == 2)
    // Of 2 to 9 there are 2, 4, 5 twice, 7 twice and 8.
    #expect(harness.status(source)?.orphansWaiting == 7)
    try harness.apply([.stored(prompt, blocks: 0..<2)], from: source)
    #expect(harness.matched(prompt + [1]) == 12)
    try harness.apply([.stored(prompt, blocks: 3..<4)], from: source)
    #expect(harness.matched(prompt + [1]) == 24)
    try harness.apply([.stored(prompt, blocks: 6..<7)], from: source)
    #expect(harness.matched(prompt + [1]) == 36)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `reaching the bound drops the oldest and is declared`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let bound = 65_536
    try harness.apply([.stored(tokens(16), blocks: 2..<4)], from: source)
    for prompt in 1...8 {
      let blocks = bound / 8
      try harness.apply(
        [.stored(parentedByUnknown(prompt, blocks: blocks))], from: source)
    }
    let status = try #require(harness.status(source))
    #expect(status.orphansWaiting == bound)
    #expect(status.counters.orphansDropped == 2)
    #expect(status.counters.orphansParked == bound + 2)
    try harness.apply([.stored(tokens(16), blocks: 0..<2)], from: source)
    #expect(harness.matched(tokens(17)) == 8)
    #expect(harness.trust(source) == .degraded(.orphans))
    try harness.apply([.cleared], from: source)
    #expect(harness.trust(source) == .exact)
    #expect(harness.status(source)?.orphansWaiting == 0)
  }

  private func parentedByUnknown(_ prompt: Int, blocks: Int) -> StoredBlocks {
    StoredBlocks(
      hashes: (0..<blocks).map { .integer(UInt64(prompt) << 32 | UInt64($0)) },
      parent: .integer(UInt64(prompt) << 48), tokens: tokens(4 * blocks, prompt: prompt),
      blockSize: 4)
  }

  @Test func `orphans of a life that is over do not wait into the next one`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt, blocks: 4..<10)], from: source)
    harness.beginIncarnation(Incarnation(2), of: source)
    #expect(harness.trust(source) == .exact)
    try harness.apply([.stored(prompt, blocks: 0..<4)], from: source, life: Incarnation(2))
    #expect(harness.matched(prompt + [1]) == 16)
  }

  @Test func `a parent in a lower tier is known`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt, blocks: 0..<4) { $0.medium = "CPU" }], from: source)
    try harness.apply([.stored(prompt, blocks: 4..<10)], from: source)
    #expect(harness.counters(source).orphansParked == 0)
    #expect(harness.matched(prompt + [1]) == 16)
  }

  @Test func `an orphan of one group does not take another group's block for its parent`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    func stored(_ blocks: Range<Int>, group: Int) -> EngineEvent {
      .stored(prompt, blocks: blocks) {
        $0.group = group
        $0.specKind = "full_attention"
      }
    }
    try harness.apply([stored(2..<4, group: 1)], from: source)
    try harness.apply([stored(0..<10, group: 0)], from: source)
    #expect(harness.status(source)?.orphansWaiting == 2)
    #expect(harness.matched(prompt + [1]) == 0)
    try harness.apply([stored(0..<2, group: 1)], from: source)
    #expect(harness.matched(prompt + [1]) == 16)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `another source's block is no parent`() throws {
    let harness = FleetHarness()
    let (first, second) = (harness.add("a"), harness.add("b"))
    try harness.apply([.stored(prompt, blocks: 0..<4)], from: first)
    try harness.apply([.stored(prompt, blocks: 4..<10)], from: second)
    #expect(harness.trust(second) == .degraded(.orphans))
    #expect(harness.matched(prompt + [1], on: "b") == 0)
    #expect(harness.matched(prompt + [1], on: "a") == 16)
  }
}
