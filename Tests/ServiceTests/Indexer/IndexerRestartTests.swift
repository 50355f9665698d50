import KVIndexer
import Service
import Testing

/// Engines that die and come back: nothing of the old cache is credited, and answers say so.
@Suite(.serialized) struct IndexerRestartTests {
  private func incarnation(_ harness: ServiceHarness) throws -> Int? {
    try harness.source()?["incarnation"]?.integer
  }

  @Test(arguments: [true, false], [2, 40])
  func `an engine that restarts is exact again, with its own blocks only`(
    replay: Bool, prompts: Int
  ) throws {
    // Forty prompts carry the new sequence past the old one before we are connected again.
    let first = try PublishedEngine(replay: replay)
    let harness = try ServiceHarness([first.entry("a")])
    try Deadline.wait { try harness.source()?["stream"]?["peers"]?.integer == 1 }
    try storeUntilSeen(first, harness)
    first.store(100..<110)
    try harness.wait(for: .exact(64), of: 109)

    first.publisher.stop()
    try harness.wait(forTrust: "connecting", tokens: 0, of: 109)
    let second = try PublishedEngine(replay: replay, like: first)
    second.store(200..<200 + prompts)
    try Deadline.wait { try incarnation(harness) == 1 }
    // The old prompts are not credited in any state from here on.
    for prompt in 100..<110 { #expect(try harness.match(prompt).tokens == 0) }
    if replay {
      try harness.wait(for: .exact(64), of: 200)
    } else {
      try storeUntilSeen(second, harness, from: 300)
      second.clear()
      second.store(400..<401)
      try harness.wait(for: .exact(64), of: 400)
      #expect(try harness.match(300) == .exact(0))
    }
    for prompt in 100..<110 { #expect(try harness.match(prompt) == .exact(0)) }
    #expect(harness.log.all.contains { $0.contains("the engine's cache is a new one") })
  }

  /// Clears and stores until the service follows: without replay, what came before is lost on it.
  private func storeUntilSeen(
    _ engine: PublishedEngine, _ harness: ServiceHarness, from prompt: Int = 50
  ) throws {
    try Deadline.wait {
      engine.clear()
      engine.store(prompt..<prompt + 1)
      return try harness.match(prompt) == .exact(64)
    }
  }

  @Test func `while the engine is away nothing is credited, and the reason is told`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    #expect(try harness.get("/readyz").status == 200)
    engine.publisher.stop()
    let match = try harness.wait(forTrust: "connecting", tokens: 0, of: 1)
    #expect(match.reason?.contains("not connected") == true)
    let readiness = try harness.get("/readyz")
    #expect(readiness.status == 503)
    #expect(readiness.json["trust"]?["connecting"]?.integer == 1)
  }

  @Test func `a connection that breaks and comes back keeps what is proven to be the same`() throws
  {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<5)
    try harness.wait(for: .exact(64), of: 4)
    let connections = try harness.source()?["stream"]?["connections"]?.integer ?? 0
    engine.publisher.dropConnections()
    engine.store(5..<9)
    try Deadline.wait {
      try harness.source()?["stream"]?["connections"]?.integer ?? 0 > connections
    }
    try harness.wait(for: .exact(64), of: 8)
    #expect(try harness.match(1) == .exact(64))
    #expect(try incarnation(harness) == 0)
  }

  @Test func `without replay a connection that breaks is a new cache until it is cleared`() throws {
    let engine = try PublishedEngine(replay: false)
    let harness = try ServiceHarness([engine.entry("a")])
    try storeUntilSeen(engine, harness)
    engine.publisher.dropConnections()
    try Deadline.wait { try incarnation(harness) == 1 }
    #expect(try harness.match(50).tokens == 0)
    var prompt = 60
    try Deadline.wait {
      prompt += 1
      engine.store(prompt..<prompt + 1)
      return try harness.match(prompt).tokens == 64
    }
    let match = try harness.match(prompt)
    #expect(match.trust == "degraded")
    #expect(match.reason?.hasPrefix("joinedLate: ") == true)
    try storeUntilSeen(engine, harness)
    try harness.wait(for: .exact(64), of: 50)
  }

  @Test func `an engine may restart many times while prompts are asked for`() throws {
    var engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    for life in 1...8 {
      engine.store(life..<life + 1)
      try harness.wait(for: .exact(64), of: life)
      for other in 1...8 where other != life { #expect(try harness.match(other) == .exact(0)) }
      engine.publisher.stop()
      engine = try PublishedEngine(like: engine)
    }
    #expect(try incarnation(harness) == 7)
  }
}
