import EPPScorer
import Testing
import Tokenize

@testable import Service

/// The page of metrics with everything on.
@Suite(.serialized) struct PickerPageTests {
  private static let speculative = Plans.precise(
    producer: Plans.speculative,
    more: [
      "{type: approx-prefix-cache-producer}", "{type: active-request-scorer}",
      "{type: queue-scorer}",
    ])

  @Test func `it shows each family once, and counts what happened`() throws {
    let servers = try RenderedFleet.servers(1)
    let harness = try PickerHarness(
      [RenderedFleet.entry(0, servers[0])], Self.speculative, readsEngines: true
    ) {
      $0.countsGRPCStreams = true
      $0.emitsEndpointScores = true
    }
    let tokens = #"{"model": "simulated", "prompt": [1, 2, 3]}"#
    try harness.route(tokens).complete(usage: TokenUsage(promptTokens: 3, cachedTokens: 2))
    try harness.route(tokens).complete(status: 500)
    try harness.route(tokens).exchange.ended(.aborted)
    #expect(try harness.refusal("{") != nil)
    _ = try harness.route(tokens)

    let reply = try harness.metricsPage()
    #expect(reply.status == 200)
    let types = reply.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
    #expect(types.count > 100 && Set(types).count == types.count)
    for (end, count) in [("completed", 1), ("failed", 1), ("aborted", 1), ("refused", 1)] {
      #expect(
        try harness.metric(#"kvindexer_epp_requests_total{end="\#(end)"}"#) == Double(count))
    }
    let request =
      #"{model_name="simulated",target_model_name="simulated","#
      + #"fairness_id="default-flow",priority="0"}"#
    #expect(try harness.metric("llm_d_epp_request_total" + request) == 4)
    #expect(try harness.metric("llm_d_epp_request_running" + request) == 1)
    #expect(
      try harness.metric(#"kvindexer_epp_delivered_tokens_total{basis="precise"}"#) == 2
        || harness.metric(#"kvindexer_epp_delivered_tokens_total{basis="approximate"}"#) == 2)
    #expect(
      try harness.metric(
        #"llm_d_epp_plugin_duration_seconds_count{extension_point="Scorer","#
          + #"plugin_type="prefix-cache-scorer",plugin_name="prefix-cache-scorer"}"#) == 4)
    if PrometheusParser.isAvailable { #expect(try !PrometheusParser.parse(reply.text).isEmpty) }
  }
}
