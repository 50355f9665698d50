import EPPScorer
import Testing
import Tokenize

@testable import Service

/// The spans of requests that are routed and scored.
@Suite(.serialized) struct PickTraceTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00-\(trace)-00f067aa0ba902b7-"

  private static func tracing(_ collector: Collector, share: Double = 0) throws -> TracingSettings {
    var tracing = try #require(TracingSettings(url: collector.url))
    tracing.share = share
    tracing.interval = .milliseconds(1)
    return tracing
  }

  @Test func `a routed request is a part of its sender's trace, and the endpoint's spans of it`()
    throws
  {
    let collector = try Collector()
    defer { collector.stop() }
    let tracing = try Self.tracing(collector)
    let harness = try PickerHarness(PickerHarness.silent(["a"])) { $0.tracing = tracing }
    let route = try harness.route(
      #"{"model": "m", "prompt": [1, 2, 3]}"#,
      headers: [
        (name: "traceparent", value: Self.parent + "01"), (name: "x-request-id", value: "r-1"),
      ])
    route.complete(
      usage: TokenUsage(promptTokens: 3, completionTokens: 5, cachedTokens: 2))
    let spans = try collector.spans(atLeast: 6)
    let request = try #require(spans.first { $0.name == "gateway.request" })
    #expect(spans.count == 6 && spans.allSatisfy { $0.trace == Self.trace })
    #expect(request.parent == "00f067aa0ba902b7" && request.kind == 2 && request.fault == nil)
    #expect(route.header("traceparent") == "00-\(Self.trace)-\(request.span)-01")
    let whole = try #require(spans.first { $0.name == "gateway.request_orchestration" })
    #expect(
      whole.parent == request.span && whole.start == request.start && whole.end <= request.end)
    let parts = spans.filter { $0.parent == whole.span }
    #expect(
      parts.map(\.name) == [
        "parse_request", "tokenize_render", "score_tokens", "run_scheduler_profile",
      ])
    // Each begins where the one before has ended.
    #expect(zip(parts, parts.dropFirst()).allSatisfy { $0.end == $1.start })
    #expect(parts.last?.end == whole.end && parts.first?.start == whole.start)
    #expect(parts[1].attributes["llm_d.kv_cache.token_count"] == "3")
    #expect(parts[3].attributes["llm_d.epp.scheduling.profile.name"] == "default")
    let expected = [
      "gen_ai.request.model": "m", "gen_ai.request.id": "r-1", "kvindexer.endpoint": "a",
      "server.address": "127.0.0.1", "server.port": "1001", "kvindexer.predicted_tokens": "0",
      "kvindexer.delivered_tokens": "2", "gen_ai.usage.input_tokens": "3",
      "gen_ai.usage.output_tokens": "5", "http.response.status_code": "200",
    ]
    for (name, value) in expected { #expect(request.attributes[name] == value, "\(name)") }
    #expect(request.attributes["kvindexer.prediction"]?.hasPrefix("approximate") == true)
    let resource = try Collector.read(collector.requests[0]).resource
    #expect(resource["service.name"] == "epp")
  }

  @Test func `where the sender wants no trace, the request goes on as it came`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    let tracing = try Self.tracing(collector, share: 1)
    let harness = try PickerHarness(PickerHarness.silent(["a"])) { $0.tracing = tracing }
    let body = #"{"model": "m", "prompt": "Once"}"#
    let header = (name: "traceparent", value: Self.parent + "00")
    let silent = try harness.route(body, headers: [header])
    silent.complete()
    #expect(silent.header("traceparent") == nil)
    // Who says nothing may get a trace of its own: the first that arrives is this one's.
    let traced = try harness.route(body)
    traced.complete(status: 502)
    let spans = try collector.spans(atLeast: 6)
    let request = try #require(spans.first { $0.name == "gateway.request" })
    #expect(request.parent.isEmpty && request.trace != Self.trace)
    #expect(request.fault == "the endpoint answered 502")
    #expect(traced.header("traceparent") == "00-\(request.trace)-\(request.span)-01")
  }

  @Test func `refused and broken requests say so`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    let tracing = try Self.tracing(collector, share: 1)
    let harness = try PickerHarness(PickerHarness.silent(["a"])) { $0.tracing = tracing }
    let body = #"{"model": "m", "prompt": "Once"}"#
    _ = try harness.refusal(body, subset: ["10.0.0.1:1"])
    let refused = try #require(try collector.spans(atLeast: 1).first)
    #expect(refused.name == "gateway.request")
    #expect(refused.attributes["http.response.status_code"] == "503")
    #expect(refused.fault == "failed to find endpoint candidates for serving the request")
    try harness.route(body).exchange.ended(.aborted)
    let aborted = try collector.spans(atLeast: 7).filter { $0.name == "gateway.request" }
    #expect(aborted.map(\.fault).contains("the response was cut off"))
  }

  @Test func `a score is traced with its steps, and spans are counted`() throws {
    let collector = try Collector()
    defer { collector.stop() }
    let tracing = try Self.tracing(collector, share: 1)
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.tracing = tracing }
    #expect(try harness.send("POST", "/v1/score", #"{"tokens": [1, 2, 3]}"#).status == 200)
    let spans = try collector.spans(atLeast: 5)
    let score = try #require(spans.first { $0.name == "score_tokens" })
    #expect(
      spans.filter { $0.parent == score.span }.map(\.name) == [
        "parse_request", "tokenize_render", "compute_block_keys", "match_block_keys",
      ])
    #expect(score.attributes["llm_d.kv_cache.token_count"] == "3")
    #expect(score.attributes["llm_d.kv_cache.pod_count"] == "1")
    #expect(score.attributes["kvindexer.tokens_from"] == "given")
    try Deadline.wait {
      try harness.get("/metrics").reply.text
        .contains(#"kvindexer_trace_spans_total{outcome="exported"} 5"#)
    }
  }
}
