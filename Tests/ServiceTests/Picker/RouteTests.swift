import EPPScorer
import Testing

@testable import Service

/// Where requests may go, and what is told to the gateway.
@Suite(.serialized) struct RouteTests {
  private static let three = PickerHarness.silent(["a", "b", "c"])

  private func addresses(_ ports: Int...) -> [String] { ports.map { "127.0.0.1:\($0)" } }

  /// Where several requests go that nothing ties to an endpoint.
  private func destinations(_ harness: PickerHarness, subset: [String]?) throws -> Set<String> {
    Set(try (0..<24).map { try harness.route(Plans.text($0), subset: subset).destination })
  }

  @Test func `the gateway's subset narrows the choice by address, or else by host`() throws {
    let harness = try PickerHarness(
      Self.three + ["- {name: v6, address: '::1', port: 1001, kvEvents: {ranks: 0}}\n"])
    #expect(try destinations(harness, subset: nil).count == 4)
    #expect(try destinations(harness, subset: addresses(1002)) == ["127.0.0.1:1002"])
    #expect(
      try destinations(harness, subset: addresses(1001, 1003) + ["10.0.0.1:1"])
        == ["127.0.0.1:1001", "127.0.0.1:1003"])
    #expect(try destinations(harness, subset: addresses(8000)).count == 3)
    for host in ["[::1]:9", "::1", "[::1]"] {
      #expect(try destinations(harness, subset: [host]) == ["[::1]:1001"])
    }
  }

  @Test func `a request goes to an endpoint of its model, if any says that it is one`() throws {
    let harness = try PickerHarness([
      PickerHarness.silent("a", port: 1001, more: ", model: other"),
      PickerHarness.silent("b", port: 1002, more: ", model: m"),
      PickerHarness.silent("c", port: 1003),
    ])
    #expect(
      try destinations(harness, subset: nil) == ["127.0.0.1:1002", "127.0.0.1:1003"])
    #expect(try destinations(harness, subset: addresses(1001)) == ["127.0.0.1:1001"])
  }

  @Test func `nobody allowed is a refusal with its reason`() throws {
    let harness = try PickerHarness(Self.three)
    for subset in [[], ["10.0.0.1:1001"], ["nonsense"]] {
      let refusal = try harness.refusal(Plans.text(1), subset: subset)
      #expect(
        refusal
          == Refusal(
            .serviceUnavailable, "failed to find endpoint candidates for serving the request",
            droppedReason: "rejected-no-endpoints"))
    }
    #expect(harness.inFlight.allSatisfy { $0.requests == 0 })
  }

  @Test func `a request that is only wanted where its prefix is goes there or nowhere`() throws {
    let harness = try PickerHarness(Self.three)
    let wish = [(name: "prefer", value: "if-available")]
    let refusal = try harness.refusal(Plans.text(1), headers: wish)
    #expect(
      refusal
        == Refusal(.preconditionFailed, "no decode worker has the requested KV cache"))
    #expect(harness.believed == 0 && harness.inFlight.allSatisfy { $0.requests == 0 })
    let first = try harness.route(Plans.text(1))
    #expect(try harness.route(Plans.text(1), headers: wish).destination == first.destination)
  }

  @Test func `a request that no endpoint passes the filters for is refused`() throws {
    let plan = Plans.plan(
      ["{type: by-label, parameters: {label: tier, validValues: [gold]}}"], profile: "by-label")
    let harness = try PickerHarness(Self.three, plan)
    let refusal = try harness.refusal(Plans.text(1))
    #expect(refusal?.code == .resourceExhausted && refusal?.droppedReason == "rejected-saturated")
    let page = try harness.metricsPage().text
    #expect(page.contains(#"llm_d_epp_scheduler_attempts_total{status="failure""#))
    #expect(page.contains(#"error_code="ResourceExhausted"} 1"#))
  }

  @Test func `scores of all candidates are told where they are asked for`() throws {
    let quiet = try PickerHarness(Self.three).route(Plans.text(1))
    #expect(quiet.scores == nil)
    let harness = try PickerHarness(Self.three) { $0.emitsEndpointScores = true }
    let first = try harness.route(Plans.text(1))
    #expect(first.scores?.map(\.address) == addresses(1001, 1002, 1003))
    #expect(first.scores?.map(\.score) == [0, 0, 0])
    let second = try harness.route(Plans.text(1))
    #expect(second.scores?.filter { $0.score == 1 }.map(\.address) == [first.destination])
  }

  @Test func `predictions are told only where they are asked for`() throws {
    let harness = try PickerHarness(Self.three) { $0.emitsPredictions = false }
    #expect(try harness.route(Plans.text(1)).responseHeaders.isEmpty)
  }

  @Test func `a data-parallel rank is reached through the sidecar's port`() throws {
    let plan = Plans.plan(
      [
        "{type: data-parallel-profile-handler, parameters: {primaryPort: 8000}}",
        "{type: active-request-scorer}",
      ], profile: "active-request-scorer")
    let harness = try PickerHarness([PickerHarness.silent("a", port: 8001)], plan)
    let route = try harness.route(
      Plans.text(1), headers: [(name: "x-data-parallel-host-port", value: "6.6.6.6:6")])
    #expect(route.destination == "127.0.0.1:8000")
    #expect(route.header("x-data-parallel-host-port") == "127.0.0.1:8001")
    #expect(route.removeHeaders == [])
  }

  @Test func `several endpoints are named, the best one first`() throws {
    let plan = Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
        "{type: max-score-picker, parameters: {maxNumOfEndpoints: 2}}",
      ], profile: "prefix-cache-scorer max-score-picker")
    let harness = try PickerHarness(Self.three, plan)
    let first = try harness.route(Plans.text(1)).destination.split(separator: ",")
    #expect(Set(first).count == 2)
    let second = try harness.route(Plans.text(1)).destination.split(separator: ",")
    #expect(second.first == first.first)
    #expect(harness.inFlight.reduce(0) { $0 + $1.requests } == 2)
  }

  @Test func `a rewritten model is put back in the response, where the client named one`() throws {
    let harness = try PickerHarness(Self.three)
    let headers = [(name: "x-llm-d-model-name-rewrite", value: "other")]
    let named = try harness.route(#"{"model":"m","prompt":"x"}"#, headers: headers)
    #expect(named.modelRewrite == ModelRewrite(client: "m", target: "other"))
    #expect(
      named.body.map { String(decoding: $0, as: UTF8.self) } == #"{"model":"other","prompt":"x"}"#)
    #expect(named.removeHeaders == ["x-llm-d-model-name-rewrite"])
    let unnamed = try harness.route(#"{"prompt":"x"}"#, headers: headers)
    #expect(unnamed.modelRewrite == nil && unnamed.body != nil)
    let plain = try harness.route(#"{"model":"m","prompt":"x"}"#)
    #expect(plain.modelRewrite == nil && plain.body == nil)
    // Texts for different models are different prompts, whatever clients call them.
    let text = Plans.text(1)
    let first = try harness.route(text, headers: headers)
    let alias = text.replacing(#""model": "m""#, with: #""model": "alias""#)
    #expect(try harness.route(alias, headers: headers).prediction.tokens == 256)
    #expect(try harness.route(text).prediction.tokens == 0)
    first.complete()
  }
}
