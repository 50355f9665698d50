import KVIndexer
import Simulation
import Testing

/// The index under more blocks than its budget has room for.
@Suite struct ByteBudgetTests {
  @Test(arguments: 0..<3 as Range<UInt64>)
  func `bytes stay under the budget under a long random load, and evictions show`(
    seed: UInt64
  ) throws {
    let budget = 1 << 20
    let harness = FleetHarness(byteBudget: budget)
    let sources = (0..<4).map { harness.add("e\($0)") }
    var random = SplitMix64(seed: seed)
    for _ in 0..<3_000 {
      let source = sources[random.below(4)]
      let prompt = tokens(16, prompt: random.below(4)) + tokens(200, prompt: random.below(2_000))
      if random.below(3) > 0 {
        try harness.apply([.stored(Array(prompt.prefix(16 + 4 * random.below(50))))], from: source)
      } else {
        let first = random.below(40)
        try harness.apply([.removed(prompt, blocks: first..<first + 10)], from: source)
      }
      #expect(harness.index.liveBytes <= budget)
    }
    harness.fleet.index.checkInvariants()
    let statuses = sources.compactMap { harness.status($0) }
    let evicted = statuses.reduce(0) { $0 + $1.counters.evictedBlocks }
    #expect(evicted > 0 && evicted == harness.index.evictedBlocks)
    for status in statuses where status.counters.evictedBlocks > 0 {
      #expect(status.trust == .degraded(.budget))
      #expect(status.trust.reason?.contains("--memory-budget") == true)
    }
    for status in statuses {
      let counters = status.counters
      #expect(counters.storedBlocks >= counters.evictedBlocks + status.residencies)
    }
  }

  @Test func `a shared prefix that is asked for outlives what hangs below it`() throws {
    let harness = FleetHarness(byteBudget: 1 << 20)
    let source = harness.add()
    let root = tokens(400)
    var leaf = 1
    while harness.index.evictedBlocks < 20_000 {
      try harness.apply([.stored(root + tokens(200, prompt: leaf))], from: source)
      leaf += 1
      #expect(harness.matched(root + [1]) == 400)
    }
    #expect(harness.matched(root + tokens(200, prompt: 1)) == 400)
    #expect(harness.trust(source) == .degraded(.budget))
  }

  @Test func `after a clear a source that lost blocks is exact again`() throws {
    let harness = FleetHarness(byteBudget: 1 << 20)
    let source = harness.add()
    var leaf = 1
    while harness.trust(source) == .exact {
      try harness.apply([.stored(tokens(2_000, prompt: leaf))], from: source)
      leaf += 1
    }
    #expect(harness.trust(source) == .degraded(.budget))
    try harness.apply([.cleared, .stored(tokens(40))], from: source)
    #expect(harness.trust(source) == .exact)
    #expect(harness.matched(tokens(41)) == 40)
  }

  @Test func `a source's bytes are its share of the index`() throws {
    let harness = FleetHarness()
    let (first, second) = (harness.add("a"), harness.add("b"))
    try harness.apply([.stored(tokens(4_000))], from: first)
    try harness.apply([.stored(tokens(1_000))], from: second)
    let bytes = [first, second].map { harness.status($0)?.bytes ?? 0 }
    #expect(bytes[1] > 0 && abs(bytes[0] - 4 * bytes[1]) <= 4)
    #expect(bytes[0] + bytes[1] <= harness.index.bytes)
  }
}
