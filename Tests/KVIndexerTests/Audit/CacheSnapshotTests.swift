import KVIndexer
import Simulation
import Testing

/// Snapshots of engines applied to an index: counts, copies, and what is known afterwards.
@Suite struct CacheSnapshotTests {
  /// A block of one prompt; the block is called by its position plus one.
  private func stored(_ position: Int, parent: UInt64?) -> EngineEvent {
    .stored(
      StoredBlocks(
        hashes: [.integer(UInt64(position + 1))], parent: parent.map { .integer($0) },
        tokens: Array(tokens(16 * (position + 1)).suffix(16)), blockSize: 16))
  }

  private func removed(_ hash: UInt64) -> EngineEvent {
    .removed(RemovedBlocks(hashes: [.integer(hash)]))
  }

  private let last = SequenceTracker.Record.Message(sequence: 41, digest: PayloadDigest(9))

  @Test func `Inactive ancestors and copies leave the counts right`() throws {
    var active = ActiveBlocks()
    active.apply([stored(0, parent: nil), stored(1, parent: 1), stored(2, parent: 2)])
    active.apply([stored(0, parent: nil), stored(2, parent: 2), removed(2)])
    let harness = FleetHarness()
    let source = harness.add()
    for events in try #require(active.snapshot(eventsMax: 2)) {
      try harness.apply(events, from: source)
    }
    harness.fleet.noteSnapshot(upTo: last, of: source, incarnation: FleetHarness.life)
    // Two copies each of the first and the third block, and none of the second.
    #expect(try harness.knownBlocks(source) == 4)
    #expect(try harness.unknownMax(source, capacity: 1_000) == 0)
    #expect(harness.matched(tokens(49)) == 16)
    #expect(harness.status(source)?.residencies == 2)
    // Copies go one by one.
    try harness.apply([removed(1)], from: source)
    #expect(harness.matched(tokens(49)) == 16)
    try harness.apply([removed(1), removed(3), removed(3)], from: source)
    #expect(try harness.knownBlocks(source) == 0)
    #expect(harness.matched(tokens(49)) == 0)
    #expect(harness.status(source)?.trust == .exact)
  }

  @Test func `The stream goes on from the last message of the snapshot`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.cleared, stored(0, parent: nil)], from: source)
    harness.fleet.noteSnapshot(upTo: last, of: source, incarnation: FleetHarness.life)
    var taken = harness.fleet.record(of: source)
    var record = try #require(taken)
    #expect(record.delivered == [last] && record.history == .complete && record.fence == nil)
    let next = SequenceTracker.Record.Message(sequence: 42, digest: PayloadDigest(10))
    harness.fleet.noteApplied(
      next, isCleared: false, of: source, incarnation: FleetHarness.life)
    taken = harness.fleet.record(of: source)
    record = try #require(taken)
    #expect(record.delivered == [last, next] && record.history == .complete)
  }

  @Test func `A snapshot of another incarnation changes nothing`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    harness.fleet.noteSnapshot(upTo: last, of: source, incarnation: Incarnation(7))
    let record = harness.fleet.record(of: source)
    #expect(record == nil)
    #expect(try harness.unknownMax(source, capacity: 1_000) == 1_000)
  }

  /// Engines under random traffic, joined late, behind links that lose messages; with restarts.
  @Test(arguments: TestSeeds.upTo(40))
  func `What is exact is right, whatever is lost, restarted, asked or cut off`(
    seed: UInt64
  ) throws {
    var stand = try SnapshotStand(seed: seed)
    for _ in 0..<1_500 { try stand.step() }
    try stand.settle()
  }
}
