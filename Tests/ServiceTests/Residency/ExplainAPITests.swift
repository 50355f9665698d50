import Foundation
import KVIndexer
import Simulation
import Testing
import Tokenize

@testable import Service

/// `POST /v1/explain`: every reason, over HTTP.
@Suite(.serialized) struct ExplainAPITests {
  private let body = #"{"model": "m", "tokens": \#(PublishedEngine.tokens(1) + [0])}"#

  private func explain(
    _ harness: ServiceHarness, _ body: String? = nil, endpoint: String = "a"
  ) throws -> RecordedJSON {
    let answer = try harness.send("POST", "/v1/explain", body ?? self.body)
    #expect(answer.status == 200, "\(answer.message)")
    return try #require(
      answer.json["endpoints"]?.array?.first { $0["endpoint"]?.string == endpoint })
  }

  /// Waits until the first block that is missing on an endpoint is missing for that cause.
  private func wait(
    for cause: String, block: Int, _ harness: ServiceHarness, _ body: String? = nil
  ) throws -> RecordedJSON {
    var last: RecordedJSON?
    do {
      return try Deadline.wait(seconds: 20) {
        let missing = try explain(harness, body)["missing"]
        last = missing
        let isMeant = missing?["cause"]?.string == cause && missing?["block"]?.integer == block
        return isMeant ? missing : nil
      }
    } catch {
      Issue.record("waited for \(cause), is \(String(describing: last))")
      throw error
    }
  }

  private func started() throws -> (ServiceHarness, PublishedEngine) {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    return (harness, engine)
  }

  @Test func `everything is reused`() throws {
    let (harness, engine) = try started()
    let answer = try harness.send("POST", "/v1/explain", body).json
    #expect(answer["prompt_tokens"]?.integer == 65 && answer["block_size"]?.integer == 16)
    #expect(answer["full_blocks"]?.integer == 4 && answer["usable_blocks"]?.integer == 4)
    #expect(answer["tokens"]?["from"]?.string == "given")
    #expect(answer["pick"] == .null && answer["cache_salt"] == .bool(false))
    let row = try explain(harness)
    #expect(row["matched_tokens"]?.integer == 64 && row["matched_blocks"]?.integer == 4)
    #expect(row["tiers"]?["gpu"]?.integer == 64 && row["missing"] == .null)
    #expect(row["trust"]?.string == "exact" && (row["trust_since_s"]?.number ?? -1) >= 0)
    #expect(row["prediction"] == .null && row["scores"]?.array?.isEmpty == true)
    engine.publisher.stop()
  }

  @Test func `never stored`() throws {
    let (harness, engine) = try started()
    let longer = PublishedEngine.tokens(1, blocks: 6)
    let missing = try wait(for: "never_stored", block: 4, harness, #"{"tokens": \#(longer)}"#)
    #expect(missing["token"]?.integer == 64)
    #expect(missing["sentence"]?.string?.hasPrefix("Block 4 (tokens 64–79) was not stored") == true)
    engine.publisher.stop()
  }

  @Test func `evicted, with a hole`() throws {
    let (harness, engine) = try started()
    engine.remove(1, block: 2)
    let missing = try wait(for: "evicted", block: 2, harness)
    #expect((missing["ago_s"]?.number ?? -1) >= 0)
    let sentence = missing["sentence"]?.string ?? ""
    #expect(sentence.contains("the engine evicted it") && sentence.contains("behind it"))
    engine.publisher.stop()
  }

  @Test func `cleared`() throws {
    let (harness, engine) = try started()
    engine.clear()
    #expect(
      try wait(for: "cleared", block: 0, harness)["sentence"]?.string?.contains("cleared") == true)
    engine.publisher.stop()
  }

  @Test func `restarted`() throws {
    let (harness, engine) = try started()
    engine.publisher.stop()
    try harness.wait(forTrust: "connecting", tokens: 0, of: 1)
    #expect(try explain(harness)["missing"]?["cause"]?.string == "source_not_exact")
    let second = try PublishedEngine(like: engine)
    second.store(5..<6)
    _ = try wait(for: "restarted", block: 0, harness)
    second.publisher.stop()
  }

  @Test func `dropped for the byte budget`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.memoryBudget = 1 << 20 }
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    // Few at a time: so small an index remembers few losses.
    var next = 2
    try Deadline.wait {
      engine.store(next..<next + 10, blocks: 64)
      next += 10
      return try Deadline.wait {
        let match = try harness.match(next - 1)
        return match.tokens == 64 ? match.trust : nil
      } == "degraded"
    }
    _ = try wait(for: "budget", block: 0, harness)
    engine.publisher.stop()
  }

  @Test func `another namespace: salt, adapter, model`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([
      engines[0].entry("a"), engines[1].entry("b", port: 8001, model: "n"),
    ])
    engines[0].store(1..<2)
    engines[0].store(2..<3) { $0.loraName = "sql" }
    engines[1].store(3..<4)
    try Deadline.wait { try explain(harness)["matched_tokens"]?.integer == 64 }
    let salted = try explain(
      harness,
      #"{"model": "m", "tokens": \#(PublishedEngine.tokens(1) + [0]), "cache_salt": "alice"}"#)
    #expect(salted["missing"]?["cause"]?.string == "other_namespace")
    #expect(salted["missing"]?["namespace"]?["salted"] == .bool(false))
    #expect(salted["missing"]?["namespace"]?["matched_tokens"]?.integer == 64)
    let plain = #"{"model": "m", "tokens": \#(PublishedEngine.tokens(2) + [0])}"#
    let adapter = try wait(for: "other_namespace", block: 0, harness, plain)
    #expect(adapter["namespace"]?["lora"]?.string == "sql")
    #expect(adapter["sentence"]?.string?.contains("for the adapter sql") == true)
    let other = #"{"model": "m", "tokens": \#(PublishedEngine.tokens(3) + [0])}"#
    try Deadline.wait {
      try harness.send("POST", "/v1/explain", other).json["endpoints"]?.array?.count == 2
    }
    let model = try explain(harness, other, endpoint: "b")
    #expect(model["missing"]?["namespace"]?["model"]?.string == "n")
    #expect(model["matched_tokens"]?.integer == 0)
    for engine in engines { engine.publisher.stop() }
  }

  @Test func `a group that is not usable, and a tier that does not continue`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2) {
      $0.group = 0
      $0.specKind = "full_attention"
    }
    engine.store(1..<2) {
      $0.hashes = Array($0.hashes.prefix(2))
      $0.group = 1
      $0.specKind = "sliding_window"
      $0.slidingWindow = 17
    }
    #expect(try wait(for: "group_unusable", block: 2, harness)["group"]?.integer == 1)
    engine.publisher.stop()
    let tiered = try PublishedEngine()
    let second = try ServiceHarness([tiered.entry("a")])
    tiered.store(1..<2) { $0.medium = "CPU" }
    tiered.store(1..<2)
    tiered.remove(1, block: 0)
    var removed = RemovedBlocks(hashes: [.integer(PublishedEngine.hash(1, 2))])
    removed.medium = "CPU"
    tiered.publish([.removed(removed)])
    let missing = try wait(for: "lower_tier", block: 2, second)
    #expect(missing["sentence"]?.string?.contains("gpu tier") == true)
    tiered.publisher.stop()
  }

  @Test func `not followed, and not exact`() throws {
    let engine = try PublishedEngine()
    let entry = engine.entry("a")
    engine.publisher.stop()
    let harness = try ServiceHarness([
      entry, "- {name: b, address: 127.0.0.1, port: 1, model: m, kvEvents: {ranks: 0}}\n",
    ])
    let row = try explain(harness)
    #expect(row["missing"]?["cause"]?.string == "source_not_exact")
    #expect((row["missing"]?["ago_s"]?.number ?? -1) >= 0)
    let other = try explain(harness, endpoint: "b")
    #expect(other["missing"]?["cause"]?.string == "not_followed" && other["rank"] == .null)
  }

  @Test func `tokens that are not known`() throws {
    let (harness, engine) = try started()
    let row = try explain(harness, #"{"model": "m", "prompt": "Hello"}"#)
    #expect(row["missing"]?["cause"]?.string == "unknown")
    #expect(row["missing"]?["sentence"]?.string?.contains("rendering is switched off") == true)
    engine.publisher.stop()
  }

  @Test func `what can't be explained is refused`() throws {
    let (harness, engine) = try started()
    let answers = try [
      #"{"model": "m"}"#, #"{"tokens": [1], "endpoints": ["c"]}"#,
      #"{"tokens": [1], "model": "x"}"#,
    ].map { try harness.send("POST", "/v1/explain", $0) }
    #expect(answers.map(\.status) == [400, 404, 404])
    engine.publisher.stop()
  }

  @Test func `a picker in the process says what it would do`() throws {
    let (harness, engine) = try started()
    harness.service.picker.set(StubExplainer())
    let answer = try harness.send("POST", "/v1/explain", body).json
    let row = try #require(answer["endpoints"]?.array?.first)
    #expect(row["picked"] == .bool(true) && row["score_total"]?.number == 2.5)
    #expect(row["scores"]?.array?.map { $0["weight"]?.number } == [3])
    #expect(row["prediction"]?["tokens"]?.integer == 64)
    #expect(answer["pick"]?["endpoint"]?.string == "a")
    #expect(answer["pick"]?["given_up"]?["tokens"]?.integer == 16)
    #expect(
      answer["pick"]?["given_up"]?["sentence"]?.string?.contains("queue-scorer") == true)
    engine.publisher.stop()
  }

  private struct StubExplainer: PickExplainer {
    func explain(_ prompt: ResolvedPrompt, from input: PromptInput) -> PickExplanation {
      PickExplanation(
        profile: "default", picked: "a",
        givenUp: PickExplanation.GivenUp(
          endpoint: "z", tokens: 16, reasons: [("queue-scorer", 1.5)]),
        sentence: "It goes to a.",
        candidates: [
          PickExplanation.Candidate(
            endpoint: "a", predictedTokens: 64, basis: "exact", filteredBy: nil, total: 2.5,
            parts: [PickExplanation.Part(scorer: "prefix", weight: 3, score: 0.8)])
        ])
    }
  }
}
