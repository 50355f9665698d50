import KVIndexer
import Testing

@testable import Simulation

/// Engines that are joined late: how much of their caches may be unknown, and when nothing can be.
@Suite struct LateJoinTests {
  static let configurations = [
    EngineConfiguration(blockCount: 128, modelTokensMax: 512, runningRequestsMax: 1),
    EngineConfiguration(blockCount: 128, modelTokensMax: 512, runningRequestsMax: 4),
    EngineConfiguration(blockCount: 48, modelTokensMax: 512, batchedTokensMax: 96),
    EngineConfiguration(blockCount: 140, blockSize: 4, modelTokensMax: 256, batchedTokensMax: 64),
    // Never full: what was there before stays.
    EngineConfiguration(blockCount: 4_096, modelTokensMax: 512),
  ]

  static var chats: ChatWorkloadParameters {
    var parameters = ChatWorkloadParameters()
    parameters.systemPromptCount = 3
    parameters.systemPromptTokens = 20...90
    parameters.usersPerSystemPrompt = 4
    parameters.userTokens = 1...40
    parameters.outputTokens = 1...60
    parameters.sequenceTokensMax = 250
    return parameters
  }

  @Test(arguments: configurations.indices, TestSeeds.upTo(4))
  func `The bound on unknown blocks holds at every step, and is 0 only where all is known`(
    configuration: Int, seed: UInt64
  ) throws {
    var engine = try SimulatedEngine(Self.configurations[configuration])
    let capacity = engine.configuration.blockCount - 1
    var chats = try ChatWorkload(Self.chats, seed: seed)
    var random = SplitMix64(seed: seed)
    let harness = FleetHarness()
    let source = harness.add()
    let joinsAt = 40 + random.below(400)
    var sessions: [EngineRequestID: ChatRequest] = [:]
    var sent = 0
    var steps: UInt64 = 0
    var isProven = false
    while sent < 250 || !engine.isIdle {
      if sent < 250, random.below(4) == 0, let request = chats.nextRequest() {
        // Some do not read the cache, and store copies of what is there.
        let id = try engine.submit(
          EngineRequest(
            tokens: request.tokens, output: .sampled(request.outputTokensMax),
            readsCache: random.below(8) > 0),
          now: .zero)
        sessions[id] = request
        sent += 1
      }
      let step = engine.step(now: .zero)
      steps += 1
      for result in step.finished {
        if let request = sessions.removeValue(forKey: result.id) {
          chats.answer(result.output, to: request.session)
        }
      }
      guard steps >= joinsAt else { continue }
      try harness.apply(step.events.map { EngineEvent($0) }, from: source)
      let audited = try harness.audited(source)
      let unknown = engine.pool.cachedCount - audited.knownBlocks
      #expect(unknown >= 0)
      let bound = try #require(audited.unknownMax(capacity: capacity))
      #expect(bound >= unknown)
      // What is proven stays proven.
      #expect(!isProven || bound == 0)
      isProven = bound == 0
      #expect(!audited.exceeds(capacity: capacity))
    }
    // A prefix that is used all the time is never announced again, so that not every run gets there.
    #expect(!isProven || configuration < 4)
    let status = try #require(harness.status(source))
    #expect(status.residencies + status.orphansWaiting <= engine.pool.cachedCount)
    #expect(!isProven || Self.isKnown(engine, status))
  }

  @Test(arguments: TestSeeds.upTo(8))
  func `A turnover of the cache makes it known`(seed: UInt64) throws {
    var engine = try SimulatedEngine(Self.configurations[0])
    let capacity = engine.configuration.blockCount - 1
    var random = SplitMix64(seed: seed)
    let harness = FleetHarness()
    let source = harness.add()
    var isProven = false
    for prompt in 0..<80 {
      _ = try engine.submit(
        EngineRequest(
          tokens: tokens(17 + random.below(150), prompt: prompt),
          output: .sampled(17 + random.below(20))),
        now: .zero)
      while !engine.isIdle {
        let events = engine.step(now: .zero).events
        guard prompt >= 20 else { continue }
        try harness.apply(events.map { EngineEvent($0) }, from: source)
        isProven = try harness.unknownMax(source, capacity: capacity) == 0
      }
      if prompt < 22 { #expect(!isProven) }
    }
    #expect(isProven)
    let status = try #require(harness.status(source))
    #expect(Self.isKnown(engine, status))
  }

  /// Whether every block of the cache has its place, and nothing else has one.
  private static func isKnown(_ engine: SimulatedEngine, _ status: SourceStatus) -> Bool {
    status.trust == .exact && status.orphansWaiting == 0
      && status.residencies == engine.pool.table.count
  }

  @Test func `An emptied cache is tallied anew`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    try harness.apply([.stored(2), .removed(7)], from: source)
    #expect(try harness.knownBlocks(source) == 2)
    #expect(try harness.unknownMax(source, capacity: 10) == 7)
    #expect(try harness.unknownMax(source, capacity: 2) == nil)
    try harness.apply([.cleared, .stored(1)], from: source)
    #expect(try harness.knownBlocks(source) == 1)
    #expect(try harness.unknownMax(source, capacity: 10) == 9)
  }

  @Test func `Parked blocks and copies are known, in every order of their removal`() throws {
    let harness = FleetHarness()
    let source = harness.add()
    func known() throws -> Int { try harness.knownBlocks(source) }
    try harness.apply([.stored(1, from: 1, parent: 1)], from: source)
    #expect(try known() == 1)
    try harness.apply([.stored(1), .stored(2)], from: source)
    #expect(try known() == 4)
    try harness.apply([.removed(2), .removed(2)], from: source)
    #expect(try known() == 2)
    try harness.apply([.removed(1), .removed(1)], from: source)
    #expect(try known() == 0)
    #expect(try harness.unknownMax(source, capacity: 4) == 0)
  }

  @Test func `Where copies are removed at once, blocks can't be counted`() throws {
    let harness = FleetHarness()
    let source = harness.add(SourceConfiguration(endpoint: "a", model: "m", duplicates: .once))
    try harness.apply([.stored(2), .stored(2)], from: source)
    #expect(try harness.unknownMax(source, capacity: 100) == nil)
    #expect(try !harness.audited(source).exceeds(capacity: 1))
  }
}

extension BlockPool {
  /// Physical blocks that cache something.
  fileprivate var cachedCount: Int { blocks.count(where: \.isCached) }
}

extension EngineEvent {
  /// Blocks of one prompt; block `n` is called `n + 1`.
  fileprivate static func stored(_ count: Int, from first: Int = 0, parent: UInt64? = nil) -> Self {
    let hashes = (first..<first + count).map { EngineBlockHash.integer(UInt64($0 + 1)) }
    return .stored(
      StoredBlocks(
        hashes: hashes, parent: parent.map { .integer($0) },
        tokens: Array(tokens(16 * (first + count)).dropFirst(16 * first)), blockSize: 16))
  }

  fileprivate static func removed(_ hash: UInt64) -> Self {
    .removed(RemovedBlocks(hashes: [.integer(hash)]))
  }
}
