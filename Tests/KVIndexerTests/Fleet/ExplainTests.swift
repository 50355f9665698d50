import Simulation
import Testing

@testable import KVIndexer

/// Why a match ends where it does: one test a reason.
@Suite struct ExplainTests {
  private let second: UInt64 = 1_000_000_000
  private let prompt = tokens(40)

  /// An exact source that was told of the whole prompt at second 1.
  private func harness(_ events: [EngineEvent] = []) throws -> (FleetHarness, SourceID) {
    let harness = FleetHarness()
    harness.keepTime(second)
    let source = harness.add()
    try harness.apply(events, from: source, now: second)
    return (harness, source)
  }

  private func missing(_ harness: FleetHarness, extra: [UInt64] = []) throws -> MissingBlock? {
    let explanations = harness.explain(prompt + [1], extra: extra)
    let matches = harness.matches(prompt + [1], extra: extra).flatMap(\.ranks)
    #expect(explanations.map(\.match) == matches)
    return try #require(explanations.first).missing
  }

  @Test func `nothing is missing where everything is reused`() throws {
    let (harness, _) = try harness([.stored(prompt)])
    #expect(try missing(harness) == nil)
    let explanation = try #require(harness.explain(prompt + [1]).first)
    #expect(explanation.usableBlocks == 10 && explanation.blockSize == 4)
    #expect(harness.explain([1, 2]).first?.missing == nil)
  }

  @Test func `a block that was never stored`() throws {
    let (harness, _) = try harness([.stored(prompt, blocks: 0..<6)])
    let since = CoarseTime(nanoseconds: second)
    #expect(
      try missing(harness) == MissingBlock(block: 6, cause: .neverStored(since: since)))
  }

  @Test func `since when nothing was stored begins anew when the cache is emptied`() throws {
    let (harness, source) = try harness([.stored(tokens(8, prompt: 2))])
    try harness.apply([.cleared], from: source, now: 7 * second)
    let missing = try #require(try missing(harness))
    #expect(missing.cause == .neverStored(since: CoarseTime(nanoseconds: 7 * second)))
    #expect(harness.explain(prompt).first?.emptiedCause == .cleared)
  }

  @Test func `a block that the engine evicted, though it holds the one behind it`() throws {
    let (harness, source) = try harness([.stored(prompt)])
    try harness.apply([.removed(prompt, blocks: 6..<7)], from: source, now: 9 * second)
    let missing = try #require(try missing(harness))
    #expect(missing.block == 6 && missing.isHole)
    guard case .lost(let loss) = missing.cause else {
      Issue.record("\(missing)")
      return
    }
    #expect(loss.cause == .evicted && loss.at == CoarseTime(nanoseconds: 9 * second))
  }

  @Test func `blocks that went with a cleared cache`() throws {
    let (harness, source) = try harness([.stored(prompt)])
    try harness.apply([.cleared, .stored(prompt, blocks: 0..<3)], from: source, now: 9 * second)
    let missing = try #require(try missing(harness))
    #expect(missing.block == 3)
    guard case .lost(let loss) = missing.cause else {
      Issue.record("\(missing)")
      return
    }
    #expect(loss.cause == .cleared)
  }

  @Test func `blocks that went with the engine's process`() throws {
    let (harness, source) = try harness([.stored(prompt)])
    harness.beginIncarnation(Incarnation(2), of: source)
    try harness.apply([.stored(tokens(8, prompt: 3))], from: source, life: Incarnation(2))
    guard case .lost(let loss) = try missing(harness)?.cause else {
      Issue.record("no loss")
      return
    }
    #expect(loss.cause == .restarted)
  }

  @Test func `a new process that has announced no block yet`() throws {
    let harness = FleetHarness()
    let source = harness.add(SourceConfiguration(endpoint: "a", model: "m", blockSize: 4))
    try harness.apply([.stored(prompt)], from: source)
    harness.beginIncarnation(Incarnation(2), of: source)
    guard case .lost(let loss) = try missing(harness)?.cause else {
      Issue.record("no loss")
      return
    }
    #expect(loss.cause == .restarted)
  }

  @Test func `blocks that we dropped for the byte budget`() throws {
    let harness = FleetHarness(byteBudget: 1 << 20)
    let source = harness.add()
    var number = 1
    try harness.apply([.stored(prompt)], from: source)
    while harness.loss(of: harness.keys(prompt)[0], source, since: 0) == nil {
      try harness.apply([.stored(tokens(400, prompt: number))], from: source)
      number += 1
    }
    guard case .lost(let loss) = try missing(harness)?.cause else {
      Issue.record("no loss")
      return
    }
    #expect(loss.cause == .budget)
  }

  @Test func `tokens that are held without the salt`() throws {
    let (harness, _) = try harness([.stored(prompt)])
    let salted = [harness.digest { $0.add("alice") }]
    var found = harness.explain(prompt + [1], extra: salted)
    #expect(found.first?.missing?.block == 0)
    harness.consider(PromptNamespace(model: "m", lora: nil, blockSize: 4), prompt + [1], &found)
    #expect(
      found.first?.missing?.cause
        == .otherNamespace(
          PromptNamespace(model: "m", lora: nil, blockSize: 4), matchedTokens: 40))
  }

  @Test func `tokens that are held for an adapter, and for another model`() throws {
    let (harness, source) = try harness([
      .stored(prompt) { $0.loraName = "sql" }, .stored(prompt, blocks: 0..<2, secret: 9),
    ])
    let other = harness.add("b", model: "n")
    try harness.apply([.stored(prompt)], from: other)
    var found = harness.explain(prompt + [1])
    #expect(found.map(\.source) == [source])
    let names = harness.fleet.otherNames(model: "m", lora: nil)
    #expect(names.map(\.model) == ["m", "n"] && names.map(\.lora) == ["sql", nil])
    for name in names {
      harness.consider(
        PromptNamespace(model: name.model, lora: name.lora, blockSize: 4), prompt + [1], &found)
    }
    #expect(found.map(\.source) == [source, other])
    #expect(found.map(\.match.matchedTokens) == [8, 0])
    let named = ["sql", nil].map { lora in
      MissingBlock.Cause.otherNamespace(
        PromptNamespace(model: lora == nil ? "n" : "m", lora: lora, blockSize: 4),
        matchedTokens: 40)
    }
    #expect(found.map { $0.missing?.cause } == named)
  }

  @Test func `an eviction explains more than another namespace`() throws {
    let (harness, source) = try harness([
      .stored(prompt), .stored(prompt, secret: 9) { $0.loraName = "sql" },
    ])
    try harness.apply([.removed(prompt, blocks: 0..<1)], from: source)
    var found = harness.explain(prompt)
    harness.consider(PromptNamespace(model: "m", lora: "sql", blockSize: 4), prompt, &found)
    guard case .lost = found.first?.missing?.cause else {
      Issue.record("\(found)")
      return
    }
  }

  @Test func `a window group that lacks its blocks`() throws {
    var window = StoredBlocks(
      hashes: [3, 4].map { .integer(EngineEvent.hash(prompt, end: ($0 + 1) * 4)) }, parent: nil,
      tokens: prompt, blockSize: 4)
    window.group = 3
    window.specKind = "sliding_window"
    window.slidingWindow = 8
    let (harness, _) = try harness([
      .stored(prompt) {
        $0.group = 0
        $0.specKind = "full_attention"
      }, .stored(window),
    ])
    #expect(
      try missing(harness) == MissingBlock(block: 5, cause: .groupUnusable(group: 3)))
  }

  @Test func `another full group that holds less`() throws {
    var second = StoredBlocks(
      hashes: (0..<6).map { .integer(EngineEvent.hash(prompt, end: ($0 + 1) * 4)) }, parent: nil,
      tokens: Array(prompt.prefix(24)), blockSize: 4)
    second.group = 1
    second.specKind = "mla_attention"
    let (harness, _) = try harness([.stored(prompt) { $0.group = 0 }, .stored(second)])
    #expect(
      try missing(harness) == MissingBlock(block: 6, cause: .groupUnusable(group: 1)))
  }

  @Test func `a block in a tier that does not continue the prefix`() throws {
    let (harness, _) = try harness([
      .stored(prompt, blocks: 0..<3) { $0.medium = "CPU" },
      .stored(prompt, blocks: 3..<6),
    ])
    #expect(
      try missing(harness)
        == MissingBlock(block: 3, cause: .lowerTier(.gpu), isHole: true))
  }

  @Test func `a source that is not exact, with its state and since when`() throws {
    let (harness, source) = try harness([.stored(prompt, blocks: 0..<6)])
    harness.keepTime(12 * second)
    harness.fleet.setStream(.live(.incomplete(.gap), replaying: false), of: source)
    harness.keepTime(15 * second)
    harness.fleet.setStream(.live(.incomplete(.gap), replaying: true), of: source)
    let missing = try #require(try missing(harness))
    #expect(missing == MissingBlock(block: 6, cause: .sourceNotExact(.degraded(.gap))))
    let since = CoarseTime(nanoseconds: 12 * second)
    #expect(harness.explain(prompt).first?.trustSince == since)
    #expect(harness.status(source)?.trustSince == since)
    harness.fleet.setStream(.disconnected(sinceNanoseconds: 0), of: source)
    #expect(
      try self.missing(harness) == MissingBlock(block: 0, cause: .sourceNotExact(.connecting)))
  }

  @Test func `an eviction is known although the source is not exact`() throws {
    let (harness, source) = try harness([.stored(prompt), .removed(prompt, blocks: 6..<7)])
    harness.fleet.setStream(.live(.incomplete(.joinedLate), replaying: false), of: source)
    guard case .lost = try missing(harness)?.cause else {
      Issue.record("no loss")
      return
    }
  }

  @Test func `a source that has announced no block yet`() throws {
    let (harness, _) = try harness()
    let explanation = try #require(harness.explain(prompt).first)
    #expect(explanation.blockSize == nil)
    #expect(
      explanation.missing
        == MissingBlock(block: 0, cause: .neverStored(since: CoarseTime(nanoseconds: second))))
  }
}
