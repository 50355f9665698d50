import KVIndexer
import Simulation
import Testing

/// How many tokens of a prompt an engine takes from its cache.
@Suite struct UsableMatchTests {
  @Test(arguments: [
    (40, 41, 40), (40, 43, 40), (40, 44, 40), (40, 40, 36), (40, 39, 36), (40, 37, 36),
    (40, 36, 32), (4, 4, 0), (4, 5, 4), (40, 1, 0), (40, 3, 0),
  ])
  func `only full blocks count, and the last token is always computed`(
    held: Int, asked: Int, expected: Int
  ) throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(held))], from: source)
    #expect(harness.matched(tokens(asked)) == expected)
    #expect(harness.match(tokens(asked))?.best?.tierTokens[.gpu] == expected)
  }

  @Test func `an empty prompt matches nothing`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(8))], from: harness.add())
    #expect(harness.matched([]) == 0)
  }

  @Test func `a prompt that leaves the cached one matches up to its last common block`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(40))], from: harness.add())
    #expect(harness.matched(tokens(18) + tokens(30, prompt: 1)) == 16)
    #expect(harness.matched(tokens(4, prompt: 1) + tokens(40).dropFirst(4)) == 0)
  }

  @Test func `sources of two block sizes answer the same prompt, each in its own blocks`() throws {
    let harness = FleetHarness()
    try harness.apply([.stored(tokens(64), blockSize: 4)], from: harness.add("a"))
    try harness.apply([.stored(tokens(64), blockSize: 16)], from: harness.add("b"))
    #expect(harness.matched(tokens(63), on: "a") == 60)
    #expect(harness.matched(tokens(63), on: "b") == 48)
    #expect(harness.matches(tokens(63)).map(\.best?.blockSize) == [4, 16])
  }

  @Test func `before its first event a source has no block size and matches nothing`() {
    let harness = FleetHarness()
    let source = harness.add()
    #expect(harness.namespaces(model: "m") == [])
    #expect(harness.matched(tokens(64)) == 0)
    #expect(harness.match(tokens(64))?.best?.blockSize == nil)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `a configured block size that the events contradict is reported, not obeyed`() throws {
    let harness = FleetHarness()
    let source = harness.add(SourceConfiguration(endpoint: "a", model: "m", blockSize: 16))
    #expect(harness.status(source)?.contradictsConfiguration == false)
    try harness.apply([.stored(tokens(40), blockSize: 4)], from: source)
    #expect(harness.matched(tokens(41)) == 40)
    let status = try #require(harness.status(source))
    #expect(status.contradictsConfiguration && status.blockSize == 4 && status.trust == .exact)
  }

  @Test func `a group that changes its block size makes its source mismatched`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(40), blockSize: 4)], from: source)
    try harness.apply([.stored(tokens(64, prompt: 1), blockSize: 16)], from: source)
    #expect(harness.trust(source) == .mismatched(.blockSize))
    #expect(harness.matched(tokens(41)) == 0)
    #expect(harness.trust(source)?.reason?.contains("block sizes") == true)
  }

  @Test func `an engine that restarts with another block size is matched in the new one`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(40), blockSize: 4)], from: source)
    harness.beginIncarnation(Incarnation(2), of: source)
    try harness.apply(
      [.stored(tokens(64), blockSize: 16)], from: source, life: Incarnation(2))
    #expect(harness.trust(source) == .exact)
    #expect(harness.matched(tokens(41)) == 32)
    #expect(harness.status(source)?.blockSize == 16)
  }

  @Test func `a restart ends a mismatch`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(40)), .stored(tokens(64), blockSize: 16)], from: source)
    try #require(harness.trust(source) == .mismatched(.blockSize))
    harness.beginIncarnation(Incarnation(2), of: source)
    try harness.apply([.stored(tokens(40))], from: source, life: Incarnation(2))
    #expect(harness.trust(source) == .exact)
    #expect(harness.matched(tokens(41)) == 40)
  }

  @Test func `tokens that do not fill their blocks are counted and degrade the source`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(40)) { $0.tokens.removeLast() }], from: source)
    #expect(harness.counters(source).unpairedStores == 1)
    #expect(harness.trust(source) == .degraded(.undecodable))
    #expect(harness.matched(tokens(41)) == 0)
  }

  @Test func `every rank of an endpoint is answered for, and the best one is told`() throws {
    let harness = FleetHarness()
    let ranks = [2, 0, 1].map { harness.add("a", rank: $0) }
    for (source, count) in zip(ranks, [8, 16, 24]) {
      try harness.apply([.stored(tokens(count))], from: source)
    }
    let match = try #require(harness.match(tokens(60)))
    #expect(match.ranks.map(\.rank) == [0, 1, 2])
    #expect(match.ranks.map(\.matchedTokens) == [16, 24, 8])
    #expect(match.best?.rank == 1)
  }

  @Test func `among equal ranks the first is the best`() throws {
    let harness = FleetHarness()
    for rank in 0..<3 {
      try harness.apply([.stored(tokens(8))], from: harness.add("a", rank: rank))
    }
    #expect(harness.match(tokens(60))?.best?.rank == 0)
  }

  @Test func `only the endpoints that were asked for are answered`() throws {
    let harness = FleetHarness()
    for name in ["b", "a", "c"] { try harness.apply([.stored(tokens(8))], from: harness.add(name)) }
    #expect(harness.matches(tokens(9)).map(\.endpoint) == ["a", "b", "c"])
    var buffer = MatchBuffer()
    let some = harness.fleet.match(
      harness.prompt(tokens(9)), model: "m", candidates: ["c", "a"], buffer: &buffer)
    #expect(some.map(\.endpoint) == ["a", "c"])
  }
}
