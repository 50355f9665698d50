import KVIndexer
import Service
import Testing

/// Events that are lost on the way: fetched again, or declared.
@Suite(.serialized) struct IndexerGapTests {
  private func stream(_ harness: ServiceHarness, _ name: String) throws -> Int? {
    try harness.source()?["stream"]?[name]?.integer
  }

  @Test func `a gap is filled by replay, and nothing of it shows`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    engine.remove(1, block: 1, isLost: true)
    engine.store(3..<4, isLost: true)
    engine.store(4..<5)
    try harness.wait(for: .exact(64), of: 4)
    #expect(try harness.match(1) == .exact(16))
    #expect(try harness.match(3) == .exact(64))
    #expect(try stream(harness, "gaps") == 0)
    #expect(try stream(harness, "replays") ?? 0 >= 2)
    #expect(try stream(harness, "replayed_messages") ?? 0 >= 2)
  }

  @Test func `a lost last message is fetched once the source is quiet`() throws {
    let engine = try PublishedEngine()
    // Long enough that the message is lost before the source counts as quiet.
    let harness = try ServiceHarness([engine.entry("a")]) {
      $0.subscriptions.quietMilliseconds = 2_000
    }
    // Where this stands still for longer than that, the check is over: once more.
    var prompt = 0
    try Deadline.wait {
      prompt += 1
      engine.store(prompt..<prompt + 1)
      try harness.wait(for: .exact(64), of: prompt)
      engine.remove(prompt, block: 0, isLost: true)
      do {
        try Deadline.wait(seconds: 10) { try harness.match(prompt) == .exact(0) }
        return true
      } catch is Deadline.Passed {
        return false
      }
    }
  }

  @Test func `a gap that the ring no longer has degrades the answer, with its reason`() throws {
    let engine = try PublishedEngine { $0.bufferSteps = 2 }
    engine.store(1..<2)
    let harness = try ServiceHarness([engine.entry("a")]) {
      $0.subscriptions.quietMilliseconds = 3_600_000
    }
    try harness.wait(for: .exact(64), of: 1)
    engine.remove(1, block: 0, isLost: true)
    engine.store(2..<4, isLost: true)
    engine.store(4..<5)
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 4)
    #expect(match.reason?.hasPrefix("gap: ") == true)
    #expect(match.reason?.contains("resetting the engine's prefix cache") == true)
    // What is known may be too high now, and the answer says that it can't be believed.
    #expect(try harness.match(1).trust == "degraded")
    #expect(try stream(harness, "gaps") == 1)
    #expect(try stream(harness, "lost_messages") == 2)
    #expect(
      try harness.get("/v1/endpoints").json["endpoints"]?.array?[0]["trust"]?.string == "degraded")
    #expect(try harness.get("/readyz").status == 200)
    engine.clear()
    engine.store(5..<6)
    try harness.wait(for: .exact(64), of: 5)
    #expect(try harness.match(1) == .exact(0))
  }

  @Test func `without a replay endpoint every gap is declared`() throws {
    let engine = try PublishedEngine(replay: false)
    let harness = try ServiceHarness([engine.entry("a")])
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    engine.store(2..<3, isLost: true)
    engine.store(3..<4)
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 3)
    #expect(match.reason?.hasPrefix("gap: ") == true)
    #expect(try harness.match(2).tokens == 0)
    engine.clear()
    try harness.wait(for: .exact(0), of: 3)
  }

  @Test func `joining after the ring has wrapped is told, and healed by a clear`() throws {
    let engine = try PublishedEngine { $0.bufferSteps = 4 }
    engine.store(1..<20)
    let harness = try ServiceHarness([engine.entry("a")])
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 19)
    #expect(match.reason?.hasPrefix("joinedLate: ") == true)
    #expect(try harness.match(1).tokens == 0)
    #expect(try stream(harness, "missed_before_joining") == 15)
    #expect(try stream(harness, "gaps") == 0)
    engine.clear()
    engine.store(30..<31)
    try harness.wait(for: .exact(64), of: 30)
    #expect(try harness.match(19) == .exact(0))
  }

  @Test func `joining while the ring still has everything is exact`() throws {
    let engine = try PublishedEngine()
    engine.store(1..<200)
    engine.remove(5, block: 3)
    let harness = try ServiceHarness([engine.entry("a")])
    try harness.wait(for: .exact(64), of: 199)
    #expect(try harness.match(1) == .exact(64))
    #expect(try harness.match(5) == .exact(48))
  }

  @Test func `a message that can't be decoded degrades the answer until a clear`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    engine.publisher.publish([0xc1])
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 1)
    #expect(match.reason?.hasPrefix("undecodable: ") == true)
    #expect(harness.log.all.contains { $0.contains("message 1 can't be decoded") })
    engine.clear()
    try harness.wait(for: .exact(0), of: 1)
  }

  @Test func `a full queue declares an overflow, and a clear heals it`() throws {
    let engine = try PublishedEngine(replay: false)
    let harness = try ServiceHarness([engine.entry("a")]) { $0.queue.sourceBatchesMax = 1 }
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1).tokens == 64
    }
    try Deadline.wait {
      engine.store(2..<400)
      return try harness.match(1).reason?.hasPrefix("overflow: ") == true
    }
    #expect(try stream(harness, "overflows") ?? 0 > 0)
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
  }

  @Test func `orphans degrade their source until their parents come`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2) {
      $0.parent = $0.hashes[1]
      $0.hashes.removeFirst(2)
      $0.tokens.removeFirst(32)
    }
    let match = try harness.wait(forTrust: "degraded", tokens: 0, of: 1)
    #expect(match.reason?.hasPrefix("orphans: ") == true)
    #expect(try harness.source()?["orphans_waiting"]?.integer == 2)
    engine.store(1..<2, blocks: 2)
    try harness.wait(for: .exact(64), of: 1)
  }
}
