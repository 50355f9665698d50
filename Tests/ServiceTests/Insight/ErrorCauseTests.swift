import Testing

@testable import Service

/// Why predictions were wrong, over HTTP: a score that is remembered, and a report.
@Suite(.serialized) struct ErrorCauseTests {
  private let engine: PublishedEngine
  private let harness: ServiceHarness

  init() throws {
    engine = try PublishedEngine()
    harness = try ServiceHarness([
      engine.entry("a"), PickerHarness.silent("b", port: 1003, more: ", model: m"),
    ])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
  }

  private static func tokens(_ prompt: Int) -> [UInt32] { PublishedEngine.tokens(prompt) + [0] }

  private func score(
    _ id: String, _ prompt: Int = 1, on harness: ServiceHarness? = nil
  ) throws {
    _ = try (harness ?? self.harness).score(Self.tokens(prompt), #", "request_id": "\#(id)""#)
  }

  /// Reports a delivery; the cause that is answered.
  private func report(
    _ id: String, cached: Int, endpoint: String = "a", predicted: Int,
    on harness: ServiceHarness? = nil
  ) throws -> String? {
    let answer = try (harness ?? self.harness).send(
      "POST", "/v1/feedback",
      #"{"request_id": "\#(id)", "endpoint": "\#(endpoint)", "cached_tokens": \#(cached), "#
        + #""prompt_tokens": 65}"#)
    #expect(answer.status == 200, "\(answer.message)")
    #expect(answer.json["predicted_tokens"]?.integer == predicted)
    #expect(answer.json["error_tokens"]?.integer == cached - predicted)
    return answer.json["error_cause"]?.string
  }

  @Test func `a prediction that came true has no cause`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    #expect(try report("r", cached: 64, predicted: 64) == nil)
  }

  @Test func `a block that was evicted since`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    engine.remove(1, block: 2)
    try harness.wait(for: .exact(32), of: 1)
    #expect(try report("r", cached: 32, predicted: 64) == "evicted_since")
  }

  @Test func `a block that was evicted and computed again`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    engine.remove(1, block: 0)
    try harness.wait(for: .exact(0), of: 1)
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    #expect(try report("r", cached: 0, predicted: 64) == "evicted_since")
  }

  @Test func `blocks whose events came after the prediction`() throws {
    defer { engine.publisher.stop() }
    try score("r", 2)
    engine.store(2..<3)
    try harness.wait(for: .exact(64), of: 2)
    #expect(try report("r", cached: 64, predicted: 0) == "events_lagging")
  }

  @Test func `a claim that did not come true`() throws {
    defer { engine.publisher.stop() }
    let claim = try harness.send(
      "POST", "/v1/reservations",
      #"{"request_id": "c", "endpoint": "a", "tokens": \#(Self.tokens(3)), "ttl_ms": 3600000}"#)
    #expect(claim.status == 201)
    try score("r", 3)
    #expect(try report("r", cached: 0, predicted: 64) == "reservation_unfulfilled")
  }

  @Test func `an endpoint without events`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    #expect(try report("r", cached: 16, endpoint: "b", predicted: 0) == "not_followed")
  }

  @Test func `a source that was not exact`() throws {
    defer { engine.publisher.stop() }
    let forgetful = try PublishedEngine(replay: false)
    defer { forgetful.publisher.stop() }
    let harness = try ServiceHarness([forgetful.entry("a")])
    try Deadline.wait {
      forgetful.clear()
      forgetful.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    forgetful.store(2..<3, isLost: true)
    forgetful.store(3..<4)
    try harness.wait(forTrust: "degraded", tokens: 64, of: 3)
    try score("r", 2, on: harness)
    #expect(try report("r", cached: 64, predicted: 0, on: harness) == "source_not_exact")
  }

  @Test func `tokens that were estimated`() throws {
    defer { engine.publisher.stop() }
    let answer = try harness.send(
      "POST", "/v1/score", #"{"model": "m", "prompt": "a text", "request_id": "r"}"#)
    #expect(answer.json["tokens_from"]?.string == "estimated")
    #expect(try report("r", cached: 16, predicted: 0) == "estimated_tokens")
  }

  @Test func `what nothing explains`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    #expect(try report("r", cached: 32, predicted: 64) == "unknown")
  }

  @Test func `what is not explained at once is explained by events that come later`() throws {
    defer { engine.publisher.stop() }
    let insight = harness.service.insight
    try score("r")
    // As long as the report goes first, the eviction is found out by the next look.
    #expect(try report("r", cached: 32, predicted: 64) == "unknown")
    engine.remove(1, block: 2)
    try harness.wait(for: .exact(32), of: 1)
    let causes = try Deadline.wait {
      let causes = insight.comparison.snapshot().causes
      return causes.isEmpty ? nil : causes
    }
    // The look may have come first on a machine that stood still.
    #expect(causes == [.evictedSince: 1] || causes == [.unknown: 1])
  }
}
