import KVIndexer
import Simulation
import Testing

/// Models whose layers keep their blocks by different rules.
@Suite struct CacheGroupTests {
  private let prompt = tokens(40)

  private func full(_ prompt: [TokenID], blocks: Range<Int>? = nil) -> EngineEvent {
    .stored(prompt, blocks: blocks) {
      $0.group = 0
      $0.specKind = "full_attention"
    }
  }

  /// A group's event as it is sent: the tokens of the whole range, the hashes of kept blocks only.
  private func sparse(
    _ prompt: [TokenID], keeps blocks: [Int], kind: String = "sliding_window", window: Int? = 8,
    blockSize: Int = 4
  ) -> EngineEvent {
    .stored(prompt, blockSize: blockSize) { stored in
      stored.hashes = blocks.map {
        .integer(EngineEvent.hash(prompt, end: ($0 + 1) * blockSize))
      }
      stored.parent = nil
      stored.group = 1
      stored.specKind = kind
      stored.slidingWindow = window
    }
  }

  private func removedFromWindow(_ prompt: [TokenID], block: Int) -> EngineEvent {
    .removed(prompt, blocks: block..<block + 1) { $0.group = 1 }
  }

  /// A window of 8 tokens looks back over 7 earlier ones: two blocks of 4.
  @Test(
    arguments: [
      ([], 0), ([9], 0), ([8, 9], 40), ([7, 8, 9], 40), ([3, 4], 20), ([3, 4, 8], 20),
      ([3, 4, 8, 9], 40), ([0], 4), ([0, 1], 8), ([1, 2], 12), ([1, 3, 5, 7, 9], 0),
      ([0, 2, 4, 6], 4),
    ] as [([Int], Int)])
  func `a match ends where the window group has the blocks before it`(
    kept: [Int], expected: Int
  ) throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([full(prompt), sparse(prompt, keeps: kept)], from: source)
    #expect(harness.matched(prompt + [1]) == expected)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `the boundary is looked for below the last token, too`() throws {
    let harness = FleetHarness()
    try harness.apply(
      [full(prompt), sparse(prompt, keeps: [3, 4, 8, 9])], from: harness.add())
    // Forty tokens may use 36 of them, before which only block 8 of the window is there.
    #expect(harness.matched(prompt) == 20)
  }

  @Test func `a window group alone gives no credit`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([full(tokens(8)), sparse(prompt, keeps: [8, 9])], from: source)
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.status(source)?.groups.map(\.pending) == [0, 2])
  }

  @Test func `blocks of the window group may be announced before the full group's`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([sparse(prompt, keeps: [8, 9])], from: source)
    #expect(harness.status(source)?.groups.map(\.pending) == [2])
    try harness.apply([full(prompt)], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.status(source)?.groups.map(\.pending) == [0, 0])
    #expect(harness.status(source)?.groups.map(\.blocks) == [2, 10])
  }

  @Test func `a window block removed while it waits does not come into being`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [sparse(prompt, keeps: [8, 9]), removedFromWindow(prompt, block: 9), full(prompt)],
      from: source)
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.counters(source).unknownRemovals == 0)
  }

  @Test func `a removal in one group leaves the same hash in the other`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([full(prompt), sparse(prompt, keeps: [3, 4, 8, 9])], from: source)
    try harness.apply([removedFromWindow(prompt, block: 9)], from: source)
    #expect(harness.matched(prompt + [1]) == 20)
    try harness.apply([.removed(prompt, blocks: 9..<10) { $0.group = 0 }], from: source)
    try harness.apply([full(prompt, blocks: 9..<10), sparse(prompt, keeps: [9])], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
  }

  @Test func `of two window groups both must have their blocks`() throws {
    let harness = FleetHarness()
    var wide = StoredBlocks(
      hashes: (2..<6).map { .integer(EngineEvent.hash(prompt, end: ($0 + 1) * 4)) }, parent: nil,
      tokens: prompt, blockSize: 4)
    wide.group = 2
    wide.specKind = "sliding_window"
    wide.slidingWindow = 16
    try harness.apply(
      [full(prompt), sparse(prompt, keeps: [4, 5, 8, 9]), .stored(wide)], from: harness.add())
    #expect(harness.matched(prompt + [1]) == 24)
  }

  @Test func `a state-space group needs a checkpoint at the boundary`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [full(prompt), sparse(prompt, keeps: [2, 5], kind: "mamba", window: nil)], from: source)
    #expect(harness.matched(prompt + [1]) == 24)
    try harness.apply([removedFromWindow(prompt, block: 5)], from: source)
    #expect(harness.matched(prompt + [1]) == 12)
    try harness.apply([removedFromWindow(prompt, block: 2)], from: source)
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `an unknown kind of group makes its source mismatched`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([full(prompt)], from: source)
    try harness.apply([sparse(prompt, keeps: [9], kind: "cross_attention")], from: source)
    #expect(harness.trust(source) == .mismatched(.cacheGroups))
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.match(prompt + [1])?.best?.tierTokens[.gpu] == 0)
  }

  @Test func `a source with window groups only is mismatched, not silently empty`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([sparse(prompt, keeps: Array(0..<10))], from: source)
    #expect(harness.trust(source) == .mismatched(.cacheGroups))
    try harness.apply([full(prompt)], from: source)
    #expect(harness.trust(source) == .exact)
    #expect(harness.matched(prompt + [1]) == 40)
  }

  @Test(arguments: [true, false])
  func `groups of different block sizes make their source mismatched`(windowFirst: Bool) throws {
    let harness = FleetHarness()
    let source = harness.add()
    let window = sparse(prompt, keeps: [3, 4], blockSize: 8)
    try harness.apply(windowFirst ? [window, full(prompt)] : [full(prompt), window], from: source)
    #expect(harness.trust(source) == .mismatched(.blockSize))
    #expect(harness.matched(prompt + [1]) == 0)
  }

  @Test func `a restart may change the groups`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([full(prompt), sparse(prompt, keeps: [])], from: source)
    try #require(harness.matched(prompt + [1]) == 0)
    harness.beginIncarnation(Incarnation(2), of: source)
    try harness.apply([full(prompt)], from: source, life: Incarnation(2))
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.status(source)?.groups.map(\.number) == [0])
  }

  @Test func `two full groups must both hold a block`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    var second = StoredBlocks(
      hashes: (0..<6).map { .integer(EngineEvent.hash(prompt, end: ($0 + 1) * 4)) }, parent: nil,
      tokens: Array(prompt.prefix(24)), blockSize: 4)
    second.group = 1
    second.specKind = "mla_attention"
    try harness.apply([full(prompt), .stored(second)], from: source)
    #expect(harness.matched(prompt + [1]) == 24)
    try harness.apply([.removed(prompt, blocks: 2..<3) { $0.group = 1 }], from: source)
    #expect(harness.matched(prompt + [1]) == 8)
  }
}
