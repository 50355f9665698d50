import Simulation
import Testing

@testable import KVIndexer

/// Sources that come from several snapshots into one index.
@Suite struct AbsorptionTests {
  /// The engines whose sources come from the second snapshot.
  private static let fromSecond = [1, 2]

  private typealias Message = (engine: Int, sequence: UInt64, events: [EngineEvent])

  /// Two snapshots of one fleet: of the second one some sources are ahead.
  private struct Pair {
    let fleet = FleetHarness()
    var sources: [SourceID]
    var stream: SnapshotStream
    var first: [UInt8] = []
    var second: [UInt8] = []
    /// What the other sources have not applied in either.
    var waiting: [Message] = []

    init(seed: UInt64) throws {
      let harness = fleet
      sources = (0..<SnapshotStream.engines).map { harness.add(SnapshotStream.configuration($0)) }
      stream = SnapshotStream(seed: seed)
      for message in take(40 + Int(seed) * 10) { try apply(message) }
      first = fleet.snapshot()
      let further = take(60)
      for message in further where fromSecond.contains(message.engine) { try apply(message) }
      waiting = further.filter { !fromSecond.contains($0.engine) }
      second = fleet.snapshot()
    }

    mutating func take(_ messages: Int) -> [Message] { (0..<messages).map { _ in stream.next() } }

    func apply(_ message: Message) throws { try fleet.follow(message, sources[message.engine]) }
  }

  private static func isFromSecond(_ source: SnapshotSource) -> Bool {
    fromSecond.contains { source.endpoint == "e\($0)" }
  }

  @Test(arguments: TestSeeds.upTo(60))
  func `each source is as its snapshot had it, and goes on alike`(seed: UInt64) throws {
    var pair = try Pair(seed: seed)
    let merged = FleetHarness()
    try merged.restore(pair.first) { !Self.isFromSecond($0) }
    let other = FleetHarness()
    try other.restore(pair.second) { Self.isFromSecond($0) }
    try merged.absorb(other)
    merged.checkInvariants()
    #expect(merged.parkedSources == SnapshotStream.engines)
    let twins = (0..<SnapshotStream.engines).map {
      merged.addAgain(SnapshotStream.configuration($0))
    }
    for engine in Self.fromSecond {
      #expect(merged.record(twins[engine]) == pair.fleet.record(pair.sources[engine]))
    }
    expectSame(pair, merged, twins)
    for message in pair.waiting + pair.take(200) {
      try pair.apply(message)
      try merged.follow(message, twins[message.engine])
    }
    expectSame(pair, merged, twins)
    merged.checkInvariants()
  }

  private func expectSame(_ pair: Pair, _ merged: FleetHarness, _ twins: [SourceID]) {
    for (source, twin) in zip(pair.sources, twins) {
      let (before, after) = (pair.fleet.status(source), merged.status(twin))
      #expect(before?.residencies == after?.residencies)
      #expect(before?.groups == after?.groups)
      #expect(before?.orphansWaiting == after?.orphansWaiting)
    }
    for prompt in pair.stream.allPrompts {
      let matches = merged.matches(prompt)
      for match in pair.fleet.matches(prompt) {
        let twin = matches.first { $0.endpoint == match.endpoint }
        #expect(twin?.best?.matchedTokens == match.best?.matchedTokens)
        #expect(twin?.best?.tierTokens == match.best?.tierTokens)
      }
    }
  }

  @Test func `two snapshots that are too much together say so`() throws {
    let pair = try Pair(seed: 30)
    let merged = FleetHarness(byteBudget: 96 << 10)
    try merged.restore(pair.first) { !Self.isFromSecond($0) }
    let other = FleetHarness()
    try other.restore(FleetHarness.large())
    #expect(throws: SnapshotError.overBudget(bytes: 96 << 10)) { try merged.absorb(other) }
  }

  // MARK: Choosing

  private static func source(
    _ endpoint: String, next: UInt64?, history: History = .complete, fence: UInt64? = nil,
    damage: Trust.Degradation? = nil
  ) -> SnapshotSource {
    SnapshotSource(
      endpoint: endpoint, model: "m", rank: 0, duplicates: .counted, incarnation: Incarnation(0),
      damage: damage, mismatch: nil,
      stream: next.flatMap { next in
        let message = { SequenceTracker.Record.Message(sequence: $0, digest: PayloadDigest($0)) }
        return SequenceTracker.Record(
          delivered: [message(next - 1)], history: history, fence: fence.map(message))
      }, groups: [], orphans: [])
  }

  private func chosen(_ snapshots: [SnapshotSource]...) -> [[String]] {
    SnapshotChoice.best(of: snapshots).map { $0.map(\.endpoint).sorted() }
  }

  @Test func `each source comes from the snapshot that has applied most of it`() {
    let disk = [Self.source("a", next: 5), Self.source("b", next: 9), Self.source("c", next: 1)]
    let peer = [Self.source("a", next: 6), Self.source("b", next: 8), Self.source("d", next: 1)]
    #expect(chosen(disk, peer) == [["b", "c"], ["a", "d"]])
    #expect(chosen(disk, disk) == [["a", "b", "c"], []])
    #expect(chosen() == [])
  }

  @Test func `one that has missed nothing goes before one that has applied more`() {
    let late = [
      Self.source("a", next: 9, history: .incomplete(.joinedLate)),
      Self.source("b", next: 9, damage: .budget), Self.source("c", next: nil),
    ]
    let whole = ["a", "b", "c"].map { Self.source($0, next: 3) }
    #expect(chosen(late, whole) == [[], ["a", "b", "c"]])
  }

  @Test func `one that knows of a reset goes before all that may not`() {
    let reset = [Self.source("a", next: 5, history: .incomplete(.gap), fence: 4)]
    let ahead = [Self.source("a", next: 9)]
    #expect(chosen(ahead, reset) == [[], ["a"]])
    #expect(chosen([Self.source("a", next: 9, fence: 6)], reset) == [["a"], []])
  }
}

extension FleetHarness {
  func absorb(_ other: FleetHarness) throws(SnapshotError) { try fleet.absorb(other.fleet) }

  /// A snapshot of a source that holds more than 100 KB of blocks.
  fileprivate static func large() throws -> [UInt8] {
    let harness = FleetHarness()
    let source = harness.add(SnapshotStream.configuration(1))
    for sequence in 0..<8 as Range<UInt64> {
      let tokens = (0..<4_096).map { TokenID($0 + Int(sequence) * 4_096) }
      try harness.follow((1, sequence, [.stored(tokens)]), source)
    }
    return harness.snapshot()
  }
}
