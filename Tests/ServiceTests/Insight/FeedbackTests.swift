import Testing

@testable import Service

/// Reports of deliveries, and the comparison that they feed, over HTTP.
@Suite(.serialized) struct FeedbackTests {
  private let engine: PublishedEngine
  private let harness: ServiceHarness

  init() throws {
    engine = try PublishedEngine()
    harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
  }

  private func score(_ id: String) throws {
    _ = try harness.score(PublishedEngine.tokens(1) + [0], #", "request_id": "\#(id)""#)
  }

  private func report(_ id: String, _ cached: Int, _ more: String = "") -> String {
    #"{"request_id": "\#(id)", "endpoint": "a", "cached_tokens": \#(cached), "#
      + #""prompt_tokens": 65\#(more)}"#
  }

  private func post(_ body: String) throws -> ServiceHarness.Answer {
    try harness.send("POST", "/v1/feedback", body)
  }

  @Test func `a report is set against the prediction, and counted once`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    for _ in 0..<2 {
      let answer = try post(report("r", 64, #", "ttft_ms": 12.5, "output_tokens": 3"#))
      #expect(answer.status == 200)
      #expect(answer.json["endpoint"]?.string == "a")
      #expect(answer.json["delivered_tokens"]?.integer == 64)
      #expect(answer.json["error_tokens"]?.integer == 0)
    }
    // Another number for the same request is not taken.
    #expect(try post(report("r", 0)).json["delivered_tokens"]?.integer == 64)
    let total = try harness.get("/v1/comparison").json["total"]
    #expect(total?["requests"]?.integer == 1)
    #expect(total?["prompt_tokens"]?.integer == 65)
    #expect(total?["delivered_tokens"]?.integer == 64)
    #expect(total?["precise"]?["requests"]?.integer == 1)
    #expect(total?["precise"]?["absolute_error_tokens"]?.integer == 0)
    #expect(total?["approximate"]?["requests"]?.integer == 0)
    let page = try harness.get("/metrics").reply.text
    #expect(page.contains("\nkvindexer_feedback_total{outcome=\"compared\"} 1\n"))
    #expect(page.contains("\nkvindexer_feedback_total{outcome=\"repeated\"} 2\n"))
    #expect(page.contains("\nkvindexer_prediction_delivered_tokens_total{endpoint=\"a\"} 64\n"))
    let shadow = #"{model="m",endpoint="a",predictor="precise"} 64"#
    #expect(page.contains("\nkvindexer_shadow_predicted_tokens_total\(shadow)\n"))
  }

  @Test func `the decision shows what was scored and what came of it`() throws {
    defer { engine.publisher.stop() }
    try score("r")
    func decision() throws -> RecordedJSON? {
      try harness.get("/v1/decisions?blocks=true").json["decisions"]?.array?.first
    }
    let scored = try decision()
    #expect(scored?["status"]?.string == "scored")
    #expect(scored?["endpoint"] == .null && scored?["predicted_tokens"] == .null)
    #expect(scored?["basis"]?.string == "exact" && scored?["tokens_from"]?.string == "given")
    #expect(scored?["best_endpoint"]?.string == "a" && scored?["best_tokens"]?.integer == 64)
    #expect(scored?["blocks"]?.array?.count == 1)
    _ = try post(report("r", 48, #", "ttft_ms": 12.5, "output_tokens": 3"#))
    let completed = try decision()
    #expect(completed?["id"] == scored?["id"])
    #expect(completed?["status"]?.string == "completed")
    #expect(completed?["endpoint"]?.string == "a")
    #expect(completed?["predicted_tokens"]?.integer == 64)
    #expect(completed?["delivered_tokens"]?.integer == 48)
    #expect(completed?["delivered_prompt_tokens"]?.integer == 65)
    #expect(completed?["output_tokens"]?.integer == 3)
    #expect(completed?["regret_tokens"]?.integer == 0)
    #expect(completed?["candidates"]?.array?.first?["picked"] == .bool(true))
  }

  @Test func `what was explained can be reported on, too`() throws {
    defer { engine.publisher.stop() }
    let tokens = PublishedEngine.tokens(1) + [0]
    let answer = try harness.send(
      "POST", "/v1/explain", #"{"tokens": \#(tokens), "request_id": "r"}"#)
    #expect(answer.status == 200)
    #expect(try post(report("r", 48)).json["predicted_tokens"]?.integer == 64)
  }

  @Test func `several reports are answered one by one`() throws {
    defer { engine.publisher.stop() }
    for id in ["r1", "r2"] { try score(id) }
    let answer = try post(
      #"{"feedback": [\#(report("r1", 64)), {"request_id": 1}, \#(report("r3", 0)), "#
        + report("r2", 48) + "]}")
    #expect(answer.status == 200)
    let results = try #require(answer.json["results"]?.array)
    #expect(results.map { $0["request_id"]?.string } == ["r1", nil, nil, "r2"])
    #expect(
      results.map { $0["error"]?["type"]?.string } == [nil, "invalid_request", "not_found", nil])
  }

  struct Fault: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var body: String
    var status: Int
    var param: String?
  }

  static let faults = [
    Fault(
      testDescription: "a request that nothing was predicted for",
      body: #"{"request_id": "x", "endpoint": "a", "cached_tokens": 0, "prompt_tokens": 1}"#,
      status: 404, param: "request_id"),
    Fault(
      testDescription: "an endpoint that nothing was predicted for",
      body: #"{"request_id": "r", "endpoint": "z", "cached_tokens": 0, "prompt_tokens": 1}"#,
      status: 404, param: "endpoint"),
    Fault(
      testDescription: "more cached tokens than tokens",
      body: #"{"request_id": "r", "endpoint": "a", "cached_tokens": 2, "prompt_tokens": 1}"#,
      status: 400, param: "cached_tokens"),
    Fault(
      testDescription: "a field that is missing",
      body: #"{"request_id": "r", "endpoint": "a", "cached_tokens": 2}"#, status: 400,
      param: "prompt_tokens"),
    Fault(testDescription: "no object", body: "[]", status: 400, param: nil),
    Fault(testDescription: "no report", body: #"{"feedback": []}"#, status: 400, param: "feedback"),
  ]

  @Test(arguments: faults)
  func `what can't be taken is refused, and says why`(_ fault: Fault) throws {
    defer { engine.publisher.stop() }
    try score("r")
    let answer = try post(fault.body)
    #expect(answer.status == fault.status)
    #expect(answer.param == fault.param)
  }

  @Test(arguments: ["limit=0", "limit=x", "before=-1", "blocks=maybe", "since=1.5"])
  func `a query that makes no sense is refused`(query: String) throws {
    defer { engine.publisher.stop() }
    let answer = try harness.get("/v1/decisions?\(query)")
    #expect(answer.status == 400)
    #expect(answer.param == query.split(separator: "=").first.map(String.init))
  }
}
