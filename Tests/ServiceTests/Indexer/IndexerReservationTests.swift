import KVIndexer
import Service
import Testing

/// Claims over HTTP.
@Suite(.serialized) struct IndexerReservationTests {
  private func reserve(
    _ harness: ServiceHarness, _ name: String, prompt: Int, more: String = ""
  ) throws -> ServiceHarness.Answer {
    let tokens = PublishedEngine.tokens(prompt) + [0]
    return try harness.send(
      "POST", "/v1/reservations",
      #"{"request_id": "\#(name)", "endpoint": "a", "tokens": \#(tokens)\#(more)}"#)
  }

  private func reserved(_ harness: ServiceHarness, prompt: Int) throws -> Int? {
    try harness.score(PublishedEngine.tokens(prompt) + [0])["a"]?["reserved_tokens"]?.integer
  }

  @Test func `a claim counts until the engine's events confirm it`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    let made = try reserve(harness, "x/1", prompt: 2, more: #", "ttl_ms": 3600000"#)
    #expect(made.status == 201)
    #expect(made.json["request_id"]?.string == "x/1" && made.json["endpoint"]?.string == "a")
    #expect(made.json["reserved_blocks"]?.integer == 4)
    #expect(made.json["ttl_ms"]?.integer == 3_600_000)
    #expect(try reserved(harness, prompt: 2) == 64)
    #expect(try harness.match(2) == .exact(0))
    engine.store(2..<3)
    try harness.wait(for: .exact(64), of: 2)
    #expect(try reserved(harness, prompt: 2) == 0)
    #expect(try harness.send("DELETE", "/v1/reservations/x/1").status == 404)
  }

  @Test func `a claim may be taken back, replaced, and runs out`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a", more: ", blockSize: 16")])
    try Deadline.wait { try harness.match(1).trust == "exact" }
    let long = #", "ttl_ms": 3600000"#
    #expect(try reserve(harness, "1", prompt: 1, more: long).status == 201)
    #expect(try reserve(harness, "1", prompt: 2, more: long).status == 201)
    #expect(try reserved(harness, prompt: 1) == 0)
    #expect(try reserved(harness, prompt: 2) == 64)
    #expect(try harness.send("DELETE", "/v1/reservations/1").status == 204)
    #expect(try reserved(harness, prompt: 2) == 0)
    #expect(try harness.send("DELETE", "/v1/reservations/1").status == 404)
    #expect(try reserve(harness, "2", prompt: 3, more: #", "ttl_ms": 1"#).status == 201)
    try Deadline.wait { try reserved(harness, prompt: 3) == 0 }
  }

  @Test func `a restart of the engine drops the claims on it`() throws {
    let first = try PublishedEngine()
    let harness = try ServiceHarness([first.entry("a")])
    first.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    #expect(try reserve(harness, "1", prompt: 2, more: #", "ttl_ms": 3600000"#).status == 201)
    first.publisher.stop()
    let second = try PublishedEngine(like: first)
    second.store(3..<4)
    try harness.wait(for: .exact(64), of: 3)
    #expect(try reserved(harness, prompt: 2) == 0)
  }
}
