import KVIndexer
import Service
import Simulation
import Testing

/// Engines that tell what they cache, as the whole service sees them.
@Suite(.serialized) struct IndexerSnapshotTests {
  private func offering(like earlier: PublishedEngine? = nil) throws -> PublishedEngine {
    try PublishedEngine(like: earlier) {
      $0.bufferSteps = 4
      $0.snapshots = EventEncoder(generation: .v032)
    }
  }

  private func stream(_ harness: ServiceHarness, _ name: String) throws -> Int? {
    try harness.source()?["stream"]?[name]?.integer
  }

  @Test func `an engine that was joined late is exact, from its own word`() throws {
    let engine = try offering()
    engine.store(1..<20)
    engine.store(7..<8)
    engine.remove(3, block: 0)
    engine.remove(7, block: 3)
    let harness = try ServiceHarness([engine.entry("a")])
    try harness.wait(for: .exact(64), of: 1)
    #expect(try harness.match(2) == .exact(64))
    // Its first block is gone, and the others hang on it.
    #expect(try harness.match(3) == .exact(0))
    // One of two copies.
    #expect(try harness.match(7) == .exact(64))
    engine.store(3..<4, blocks: 1)
    try harness.wait(for: .exact(64), of: 3)
    engine.remove(7, block: 3)
    try harness.wait(for: .exact(48), of: 7)
    #expect(try stream(harness, "engine_snapshots") == 1)
    #expect(harness.log.all.contains { $0.contains("the engine told what it caches") })
    let page = try harness.get("/metrics").reply.text
    #expect(
      page.contains(#"kvindexer_engine_snapshots_total{endpoint="a",rank="0",outcome="taken"} 1"#))
  }

  @Test func `a gap that the ring no longer has is closed by a snapshot`() throws {
    let engine = try offering()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    engine.remove(1, block: 1, isLost: true)
    engine.store(3..<10, isLost: true)
    engine.store(10..<11)
    try harness.wait(for: .exact(64), of: 10)
    #expect(try harness.match(1) == .exact(16))
    #expect(try harness.match(3) == .exact(64))
  }

  @Test func `an engine that restarts is credited nothing of before`() throws {
    let engine = try offering()
    engine.store(1..<20)
    let harness = try ServiceHarness([engine.entry("a")])
    try harness.wait(for: .exact(64), of: 1)
    engine.publisher.stop()
    // Its sequence has passed the old one when it is heard again, and its ring has wrapped.
    let next = try offering(like: engine)
    next.store(50..<80)
    try harness.wait(for: .exact(64), of: 50)
    #expect(try harness.match(1) == .exact(0))
    next.publisher.stop()
  }

  @Test func `a simulated server tells what it caches, if it is to`() throws {
    var configuration = SimulatedServerConfiguration(engine: EngineConfiguration(blockCount: 64))
    configuration.replayBatchesMax = 2
    configuration.features.offersSnapshots = true
    configuration.stepTime.base = .zero
    configuration.stepTime.perToken = .zero
    let model = try ModelServerHarness(configuration)
    let prompts = (0..<6).map { prompt in (0..<70).map { prompt * 1_000 + $0 } }
    for prompt in prompts { _ = try model.complete(prompt, #", "max_tokens": 1"#) }
    let actual = model.server.configuration
    let entry = """
      - {name: a, address: 127.0.0.1, port: 8000, kvEvents: {endpoint: '\(actual.eventEndpoint)', \
      replayEndpoint: '\(actual.replayEndpoint ?? "")'}}

      """
    let harness = try ServiceHarness([entry])
    for prompt in prompts {
      try Deadline.wait {
        let found = try harness.score(prompt.map { TokenID($0) })["a"]
        return found?["trust"]?.string == "exact" && found?["matched_tokens"]?.integer == 64
      }
    }
    model.server.stop()
  }

  @Test func `a queue that no replay fits into ends exact after a stall`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.queue.sourceBatchesMax = 2 }
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    let stall = IndexLock(harness.service.fleet)
    engine.store(2..<60)
    stall.end()
    for prompt in [2, 30, 59] { try harness.wait(for: .exact(64), of: prompt) }
    #expect(try stream(harness, "lost_messages") == 0)
  }

  /// Holds the index's lock until it ends.
  private final class IndexLock: @unchecked Sendable {
    private let condition = ConditionLock()
    private var isHeld = false
    private var isOver = false
    private var thread: WorkerThread?

    init(_ fleet: SharedFleet) {
      thread = WorkerThread(name: "stall") { fleet.write { _ in self.hold() } }
      condition.withLock { while !isHeld { condition.wait() } }
    }

    private func hold() {
      condition.withLock {
        isHeld = true
        condition.broadcast()
        while !isOver { condition.wait() }
      }
    }

    func end() {
      condition.withLock {
        isOver = true
        condition.broadcast()
      }
      thread?.join()
    }
  }
}
