import KVIndexer
import Simulation
import Testing

/// Clears, restarts and lost events: what was known ends with what it was known of.
@Suite struct LifeTests {
  private let prompt = tokens(40)
  /// Its extra keys are lists in lists, deeper than any engine's.
  private let unreadable = EngineEvent.stored(tokens(4, prompt: 1)) {
    $0.extraKeys = [[.list([.list([.list([.list([.integer(1)])])])])]]
  }

  @Test func `a clear drops the source's blocks and no other's`() throws {
    let harness = FleetHarness()
    let (first, second) = (harness.add("a"), harness.add("b"))
    for source in [first, second] { try harness.apply([.stored(prompt)], from: source) }
    #expect(try harness.apply([.cleared], from: first))
    #expect(harness.matched(prompt + [1], on: "a") == 0)
    #expect(harness.matched(prompt + [1], on: "b") == 40)
    #expect(harness.counters(first).clearedEvents == 1)
    #expect(harness.clear(second) == 10)
    #expect(harness.index.uniqueBlocks == 0)
  }

  @Test func `what a batch stores after its clear stays`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(tokens(80))], from: source)
    #expect(try harness.apply([.cleared, .stored(prompt)], from: source))
    #expect(harness.matched(tokens(81)) == 40)
    #expect(try !harness.apply([.stored(prompt)], from: source))
  }

  @Test func `a new incarnation drops the old blocks, and old batches that are still on the way`()
    throws
  {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt)], from: source)
    #expect(harness.beginIncarnation(Incarnation(2), of: source) == 10)
    #expect(try !harness.apply([.stored(prompt), .cleared], from: source))
    #expect(harness.matched(prompt + [1]) == 0)
    #expect(harness.counters(source).fencedBatches == 1)
    #expect(harness.counters(source).clearedEvents == 0)
    try harness.apply([.stored(prompt)], from: source, life: Incarnation(2))
    try harness.apply([.removed(prompt, blocks: 0..<1)], from: source)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.counters(source).fencedBatches == 2)
    #expect(harness.status(source)?.incarnation == Incarnation(2))
  }

  @Test func `a removed source is not answered for, and its id may be given again`() throws {
    let harness = FleetHarness()
    let source = harness.add("a")
    try harness.apply([.stored(prompt), .stored(prompt) { $0.medium = "CPU" }], from: source)
    harness.fleet.removeSource(source)
    #expect(harness.matches(prompt).isEmpty)
    #expect(harness.trust(source) == nil && harness.status(source) == nil)
    #expect(harness.index.residencies == 0)
    #expect(try !harness.apply([.cleared], from: source))
    #expect(harness.add("b") == source)
    #expect(harness.matched(prompt + [1], on: "b") == 0)
    #expect(harness.sourceIDs == [source])
  }

  @Test func `a retired source gets no credit, whatever still comes of it`() throws {
    let harness = FleetHarness()
    let old = harness.add("a")
    try harness.apply([.stored(prompt)], from: old)
    harness.fleet.retireSource(old)
    #expect(harness.matches(prompt).isEmpty)
    harness.fleet.setStream(.live(.complete, replaying: false), of: old)
    try harness.apply([.stored(tokens(80))], from: old)
    #expect(harness.matches(prompt).isEmpty)
    let new = harness.add("a")
    #expect(new != old)
    let match = try #require(harness.match(tokens(81)))
    #expect(match.ranks.map(\.source) == [new] && match.best?.matchedTokens == 0)
    harness.fleet.removeSource(old)
    #expect(harness.match(tokens(81))?.ranks.map(\.source) == [new])
    #expect(harness.index.residencies == 0)
  }

  @Test func `events that were skipped degrade the source`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt), unreadable], from: source)
    #expect(harness.trust(source) == .degraded(.undecodable))
    #expect(harness.matched(prompt + [1]) == 40)
    try harness.apply([.cleared], from: source)
    #expect(harness.trust(source) == .exact)
  }

  @Test func `a skipped event beside a clear still degrades: it may have come after it`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    #expect(try harness.apply([.cleared, unreadable], from: source))
    #expect(harness.trust(source) == .degraded(.undecodable))
  }

  @Test func `the first cause of damage is the one that is told`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt) { $0.tokens.removeLast() }], from: source)
    try harness.apply([.stored(prompt, blocks: 4..<5)], from: source)
    #expect(harness.trust(source) == .degraded(.undecodable))
  }

  @Test(arguments: [
    (TrackerState.connecting, "connecting", 0), (.bootstrapping, "bootstrapping", 40),
    (.live(.complete, replaying: false), "exact", 40),
    (.live(.complete, replaying: true), "bootstrapping", 40),
    (.live(.incomplete(.gap), replaying: false), "degraded", 40),
    (.live(.incomplete(.overflow), replaying: true), "degraded", 40),
    (.disconnected(sinceNanoseconds: 1), "connecting", 0),
  ])
  func `trust follows the stream, and credit follows trust`(
    state: TrackerState, name: String, expected: Int
  ) throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(prompt)], from: source)
    harness.fleet.setStream(state, of: source)
    #expect(harness.trust(source)?.name == name)
    #expect(harness.matched(prompt + [1]) == expected)
    #expect((harness.trust(source)?.reason == nil) == (name == "exact"))
  }

  @Test(arguments: IncompleteCause.allCases)
  func `every cause of an incomplete history has a sentence of its own`(cause: IncompleteCause) {
    let harness = FleetHarness()
    let source = harness.add()
    harness.fleet.setStream(.live(.incomplete(cause), replaying: false), of: source)
    let trust = harness.trust(source)
    guard case .degraded(let degradation)? = trust else {
      Issue.record("\(cause) gives \(String(describing: trust))")
      return
    }
    #expect(trust?.reason?.hasPrefix("\(degradation.rawValue): ") == true)
  }

  @Test func `a clear heals a gap, as the tracker and the index tell each other`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    var tracker = SequenceTracker(settings: SequenceTracker.Settings(hasReplay: false))
    func take(_ sequence: UInt64, _ events: [EngineEvent]) throws {
      tracker.live(sequence, digest: PayloadDigest(sequence), byteCount: 1, now: 0)
      try act(events, sequence)
    }
    func act(_ events: [EngineEvent], _ sequence: UInt64) throws {
      while let action = tracker.nextAction() {
        switch action {
        case .state(let state): harness.fleet.setStream(state, of: source)
        case .deliver where try harness.apply(events, from: source):
          tracker.historyCleared(at: sequence)
        default: break
        }
      }
    }
    try take(0, [.stored(prompt)])
    #expect(harness.trust(source) == .exact)
    try take(2, [.stored(tokens(8, prompt: 1))])
    #expect(harness.trust(source) == .degraded(.gap))
    try take(3, [.cleared, .stored(prompt)])
    #expect(harness.trust(source) == .exact)
    #expect(harness.matched(prompt + [1]) == 40)
    #expect(harness.matched(tokens(9, prompt: 1)) == 0)
  }
}
