import KVIndexer
import Simulation
import Testing

/// What a process leaves behind is what the next one begins with.
@Suite struct SnapshotTests {
  /// A fleet after a random stream, and the stream.
  private func fleet(
    seed: UInt64, messages: Int
  ) throws -> (harness: FleetHarness, sources: [SourceID], stream: SnapshotStream) {
    let harness = FleetHarness()
    let sources = (0..<SnapshotStream.engines).map { harness.add(SnapshotStream.configuration($0)) }
    var stream = SnapshotStream(seed: seed)
    for _ in 0..<messages {
      let message = stream.next()
      try harness.follow(message, sources[message.engine])
    }
    return (harness, sources, stream)
  }

  private func expectSame(
    _ one: FleetHarness, _ other: FleetHarness, _ prompts: [[TokenID]]
  ) {
    for prompt in prompts {
      let matches = other.matches(prompt)
      for match in one.matches(prompt) {
        let twin = matches.first { $0.endpoint == match.endpoint }
        #expect(twin?.best?.matchedTokens == match.best?.matchedTokens)
        #expect(twin?.best?.tierTokens == match.best?.tierTokens)
        #expect(twin?.best?.trust == match.best?.trust)
      }
    }
  }

  @Test(arguments: TestSeeds.upTo(60))
  func `a restored index matches alike, and goes on alike`(seed: UInt64) throws {
    var (first, sources, stream) = try fleet(seed: seed, messages: 40 + Int(seed) * 20)
    let bytes = first.snapshot()
    let second = try FleetHarness(restoring: bytes)
    second.checkInvariants()
    #expect(second.parkedSources == SnapshotStream.engines)
    // In another order, so that ids and lanes differ.
    var twins = sources
    for engine in (0..<SnapshotStream.engines).reversed() {
      twins[engine] = second.addAgain(SnapshotStream.configuration(engine))
      #expect(second.record(twins[engine]) == first.record(sources[engine]))
      let (before, after) = (first.status(sources[engine]), second.status(twins[engine]))
      #expect(before?.residencies == after?.residencies)
      #expect(before?.groups == after?.groups)
      #expect(before?.orphansWaiting == after?.orphansWaiting)
    }
    #expect(second.parkedSources == 0)
    expectSame(first, second, stream.allPrompts)
    for _ in 0..<200 {
      let message = stream.next()
      try first.follow(message, sources[message.engine])
      try second.follow(message, twins[message.engine])
    }
    expectSame(first, second, stream.allPrompts)
    second.checkInvariants()
    for engine in 0..<SnapshotStream.engines {
      #expect(
        first.status(sources[engine])?.residencies == second.status(twins[engine])?.residencies)
      #expect(
        first.counters(sources[engine]).unknownRemovals
          >= second.counters(twins[engine]).unknownRemovals)
    }
  }

  @Test func `an empty index has a snapshot too`() throws {
    let restored = try FleetHarness(restoring: FleetHarness().snapshot())
    #expect(restored.index.residencies == 0 && restored.parkedSources == 0)
    restored.checkInvariants()
  }

  @Test func `what nobody configures again is dropped`() throws {
    let (first, _, _) = try fleet(seed: 7, messages: 300)
    let second = try FleetHarness(restoring: first.snapshot())
    let kept = second.addAgain(SnapshotStream.configuration(2))
    #expect(second.dropParked() > 0)
    #expect(second.parkedSources == 0)
    second.checkInvariants()
    #expect(second.index.residencies == second.status(kept)?.residencies)
  }

  @Test func `a source of another model or rank takes nothing over`() throws {
    let (first, _, _) = try fleet(seed: 8, messages: 100)
    let second = try FleetHarness(restoring: first.snapshot())
    let other = second.addAgain(SourceConfiguration(endpoint: "e0", model: "other", rank: 0))
    let rank = second.addAgain(SourceConfiguration(endpoint: "e0", model: "m", rank: 1))
    #expect(second.status(other)?.residencies == 0 && second.status(rank)?.residencies == 0)
    #expect(second.parkedSources == SnapshotStream.engines)
  }

  @Test func `engine hashes can't be found in a snapshot`() throws {
    let harness = FleetHarness()
    let source = harness.add(SnapshotStream.configuration(0))
    let prompt = tokens(64)
    try harness.follow((0, 0, [.stored(prompt)]), source)
    let bytes = harness.snapshot()
    for end in stride(from: 4, through: 64, by: 4) {
      let hash = withUnsafeBytes(of: EngineEvent.hash(prompt, end: end).littleEndian) { Array($0) }
      #expect(!bytes.indices.dropLast(7).contains { bytes[$0..<$0 + 8].elementsEqual(hash) })
    }
  }

  @Test func `another hash key is told apart`() throws {
    let (first, _, _) = try fleet(seed: 9, messages: 20)
    let bytes = first.snapshot()
    #expect(throws: SnapshotError.otherKey) {
      _ = try FleetIndex.restored(
        from: SnapshotReader(bytes), hasher: BlockHasher(sharedKey: "another"),
        byteBudget: 64 << 20, now: 0)
    }
  }

  @Test func `a capture notices that the index changed under it`() throws {
    let (harness, sources, stream) = try fleet(seed: 10, messages: 50)
    var capture = SnapshotCapture(hasher: harness.fleet.hasher, writtenAt: 0)
    let begun = capture.advance(over: harness.fleet)
    capture.settle()
    try harness.follow((0, 1000, [.stored(stream.allPrompts[0])]), sources[0])
    let next = capture.advance(over: harness.fleet)
    #expect(begun == .more && next == .overtaken)
  }

  @Test func `an index that is too small says so`() throws {
    let (first, _, _) = try fleet(seed: 11, messages: 400)
    #expect(throws: SnapshotError.overBudget(bytes: 1 << 12)) {
      _ = try FleetHarness(restoring: first.snapshot(), byteBudget: 1 << 12)
    }
  }
}
