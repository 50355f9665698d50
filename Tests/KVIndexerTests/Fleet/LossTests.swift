import KVIndexer
import Simulation
import Testing

/// What is remembered of blocks that are gone.
@Suite struct LossTests {
  private let second: UInt64 = 1_000_000_000

  @Test func `an eviction is remembered with its time, and not beyond the time asked for`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(20))], from: source, now: 10 * second)
    try harness.apply([.removed(tokens(20), blocks: 3..<5)], from: source, now: 20 * second)
    let keys = harness.keys(tokens(20))
    #expect(keys.count == 5)
    #expect(harness.loss(of: keys[2], source, since: 0) == nil)
    let loss = try #require(harness.loss(of: keys[3], source, since: 20 * second))
    #expect(loss.cause == .evicted && loss.tier == .gpu && loss.at == CoarseTime(tenths: 200))
    #expect(harness.loss(of: keys[3], source, since: 21 * second) == nil)
    #expect(harness.loss(of: keys[3], harness.add("b"), since: 0) == nil)
    #expect(harness.holds(block: 2, of: keys, source))
    #expect(!harness.holds(block: 3, of: keys, source))
  }

  @Test func `the last of several losses counts, and a copy's end is none`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let prompt = tokens(8)
    try harness.apply([.stored(prompt), .stored(prompt)], from: source, now: second)
    try harness.apply([.removed(prompt, blocks: 1..<2)], from: source, now: 2 * second)
    #expect(harness.loss(of: harness.keys(prompt)[1], source, since: 0) == nil)
    for time in [3, 5] as [UInt64] {
      try harness.apply([.removed(prompt, blocks: 1..<2)], from: source, now: time * second)
      try harness.apply([.stored(prompt)], from: source, now: (time + 1) * second)
    }
    let loss = try #require(harness.loss(of: harness.keys(prompt)[1], source, since: 0))
    #expect(loss.at == CoarseTime(nanoseconds: 5 * second))
    #expect(harness.holds(block: 1, of: harness.keys(prompt), source))
  }

  @Test func `clears and restarts are remembered as such`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(8)), .cleared], from: source, now: second)
    #expect(harness.loss(of: harness.keys(tokens(8))[1], source, since: 0)?.cause == .cleared)
    try harness.apply([.stored(tokens(8, prompt: 1))], from: source, now: 2 * second)
    let key = harness.keys(tokens(8, prompt: 1))[0]
    harness.beginIncarnation(Incarnation(2), of: source)
    #expect(harness.loss(of: key, source, since: 0)?.cause == .restarted)
  }

  @Test func `what the byte budget takes is remembered as such`() throws {
    let harness = FleetHarness(byteBudget: 1 << 20)
    let source = harness.add()
    var prompt = 0
    while harness.trust(source) == .exact {
      try harness.apply([.stored(tokens(400, prompt: prompt))], from: source)
      prompt += 1
    }
    let losses = (0..<prompt).compactMap {
      harness.loss(of: harness.keys(tokens(400, prompt: $0))[0], source, since: 0)
    }
    #expect(!losses.isEmpty && losses.allSatisfy { $0.cause == .budget })
  }

  @Test func `the ring forgets the oldest, and says how far it reaches`() throws {
    // A budget of 64 MiB remembers 8,192 losses.
    let harness = FleetHarness(byteBudget: 64 << 20)
    let source = harness.add()
    for number in 0..<100 {
      let prompt = tokens(400, prompt: number)
      let now = UInt64(number + 1) * second
      try harness.apply(
        [.stored(prompt), .removed(prompt, blocks: 0..<100)], from: source, now: now)
      #expect(
        harness.lossesReachBackTo
          == (number < 81 ? nil : CoarseTime(nanoseconds: now - 81 * second)))
    }
    #expect(harness.loss(of: harness.keys(tokens(400, prompt: 17))[0], source, since: 0) == nil)
    #expect(harness.loss(of: harness.keys(tokens(400, prompt: 20))[0], source, since: 0) != nil)
  }

  @Test func `a clear of much remembers the first blocks of every stretch`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let stretches = 70
    for number in 0..<stretches {
      try harness.apply([.stored(tokens(400, prompt: number))], from: source)
    }
    try harness.apply([.cleared], from: source)
    for (number, isRemembered) in [(0, true), (63, true), (64, false)] {
      let keys = harness.keys(tokens(400, prompt: number))
      #expect((harness.loss(of: keys[63], source, since: 0) != nil) == isRemembered)
      #expect(harness.loss(of: keys[64], source, since: 0) == nil)
    }
  }

  @Test func `a source that took the id of another does not answer for its losses`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply(
      [.stored(tokens(8)), .removed(tokens(8), blocks: 0..<2)], from: source, now: second)
    let key = harness.keys(tokens(8))[0]
    harness.remove(source)
    harness.keepTime(2 * second)
    let next = harness.add("b")
    #expect(next == source)
    #expect(harness.loss(of: key, next, since: 0) == nil)
  }

  @Test func `a block behind a hole and in a lower tier counts as held`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    let prompt = tokens(40)
    try harness.apply(
      [
        .stored(prompt), .stored(prompt, blocks: 5..<6) { $0.medium = "CPU" },
        .removed(prompt, blocks: 4..<6),
      ], from: source)
    let keys = harness.keys(prompt)
    #expect(keys.indices.filter { !harness.holds(block: $0, of: keys, source) } == [4])
    #expect(!harness.holds(block: 99, of: keys, source))
    #expect(!harness.holds(block: 0, of: harness.keys(tokens(8, prompt: 7)), source))
  }
}
