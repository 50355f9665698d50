import Foundation
import KVIndexer
import Service
import Testing

/// Scores over real HTTP, from events over real ZeroMQ.
@Suite(.serialized) struct IndexerScoreTests {
  @Test func `a score says what each endpoint holds, as the API's description has it`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([
      engines[1].entry("b", port: 8001), engines[0].entry("a"),
    ])
    engines[0].store(1..<2)
    engines[1].store(1..<2, blocks: 2)
    try harness.wait(for: .exact(64), of: 1, on: "a")
    try harness.wait(for: .exact(32), of: 1, on: "b")
    let body = #"{"model": "m", "tokens": \#(PublishedEngine.tokens(1))}"#
    let answer = try harness.send("POST", "/v1/score", body)
    #expect(answer.status == 200)
    #expect(answer.json["model"]?.string == "m")
    #expect(answer.json["prompt_tokens"]?.integer == 64)
    #expect(answer.json["tokens_from"]?.string == "given")
    #expect((answer.json["took_us"]?["total"]?.integer ?? -1) >= 0)
    let endpoints = try #require(answer.json["endpoints"]?.array)
    #expect(endpoints.map { $0["endpoint"]?.string } == ["a", "b"])
    #expect(endpoints.map { $0["address"]?.string } == ["127.0.0.1:8000", "127.0.0.1:8001"])
    // The last token is always computed, so the last of four full blocks is not reused.
    #expect(endpoints.map { $0["matched_tokens"]?.integer } == [48, 32])
    #expect(endpoints.map { $0["matched_blocks"]?.integer } == [3, 2])
    #expect(endpoints.map { $0["tiers"]?["gpu"]?.integer } == [48, 32])
    #expect(endpoints.map { $0["score"]?.number } == [0.75, 0.5])
    #expect(endpoints.map { $0["block_size"]?.integer } == [16, 16])
    #expect(endpoints.map { $0["reserved_tokens"]?.integer } == [0, 0])
    #expect(endpoints.map { $0["trust"]?.string } == ["exact", "exact"])
    #expect(endpoints.map { $0["reason"] } == [.null, .null])
    #expect(endpoints.allSatisfy { $0["ranks"] == nil })
  }

  @Test func `an answer is limited to the candidates, and gives ranks when asked to`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([engines[0].entry("a"), engines[1].entry("b", port: 8001)])
    engines[1].store(1..<2)
    try harness.wait(for: .exact(64), of: 1, on: "b")
    let scores = try harness.score(
      PublishedEngine.tokens(1), #", "endpoints": ["b"], "detail": true"#)
    #expect(Array(scores.keys) == ["b"])
    let ranks = try #require(scores["b"]?["ranks"]?.array)
    #expect(ranks.map { $0["rank"]?.integer } == [0])
    #expect(ranks.map { $0["matched_tokens"]?.integer } == [48])
  }

  @Test func `salts, adapters and models keep prompts apart`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([
      engines[0].entry("a", model: "small"), engines[1].entry("b", port: 8001, model: "large"),
    ])
    engines[0].store(1..<2) { $0.extraKeys = [[.text("alice")], nil, nil, nil] }
    engines[0].store(2..<3) { $0.loraName = "sql" }
    engines[1].store(1..<3)
    engines[0].store(3..<4)
    engines[1].store(3..<4)
    for (name, model) in [("a", "small"), ("b", "large")] {
      try Deadline.wait { try tokens(3, name, model, harness) == 64 }
    }
    #expect(try tokens(1, "a", "small", harness) == 0)
    #expect(try tokens(1, "a", "small", harness, #", "cache_salt": "alice""#) == 64)
    #expect(try tokens(1, "a", "small", harness, #", "cache_salt": "bob""#) == 0)
    #expect(try tokens(2, "a", "small", harness) == 0)
    #expect(try tokens(2, "a", "small", harness, #", "lora": "sql""#) == 64)
    #expect(try tokens(1, "b", "large", harness) == 64)
    #expect(try tokens(1, "a", "large", harness) == nil)
  }

  private func tokens(
    _ prompt: Int, _ endpoint: String, _ model: String, _ harness: ServiceHarness,
    _ more: String = ""
  ) throws -> Int? {
    try harness.score(
      PublishedEngine.tokens(prompt) + [0], #", "model": "\#(model)"\#(more)"#
    )[endpoint]?["matched_tokens"]?.integer
  }

  @Test func `an endpoint that can't be reached is answered for with its trust`() throws {
    let engine = try PublishedEngine()
    let entry = engine.entry("a")
    engine.publisher.stop()
    let harness = try ServiceHarness([
      entry, "- {name: b, address: 127.0.0.1, port: 1, model: m, kvEvents: {ranks: 0}}\n",
    ])
    let scores = try harness.score([1, 2, 3])
    #expect(scores["a"]?["trust"]?.string == "connecting")
    #expect(scores["a"]?["reason"]?.string?.contains("not connected") == true)
    #expect(scores["b"]?["trust"]?.string == "connecting")
    #expect(scores["b"]?["reason"]?.string?.contains("no KV event source") == true)
    #expect(try harness.get("/readyz").status == 503)
    #expect(try harness.get("/healthz").status == 200)
  }

  @Test func `the same answers come over a Unix socket`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/api"
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.listen.append(.unix(path: path)) }
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    var client = try HTTPClient(.unix(path: path))
    let body = #"{"tokens": \#(PublishedEngine.tokens(1))}"#
    let answer = try ServiceHarness.answer(
      try client.post("/v1/score", body: Array(body.utf8)))
    #expect(answer.status == 200)
    #expect(answer.json["endpoints"]?.array?.first?["matched_tokens"]?.integer == 48)
  }

  @Test func `two services with one hash key answer alike, whatever order events came in`() throws {
    let engine = try PublishedEngine()
    let services = try (0..<2).map { _ in
      try ServiceHarness([engine.entry("a")]) { $0.hashKey = "a key of sixteen letters" }
    }
    engine.store(1..<40)
    engine.remove(7, block: 2)
    for service in services { try service.wait(for: .exact(32), of: 7) }
    for prompt in 1..<40 {
      #expect(try services[0].match(prompt) == services[1].match(prompt))
    }
  }
}
