import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What the picker knows exactly, from engines that render, generate and publish.
@Suite(.serialized) struct PrecisePickTests {
  private static let words = (0..<100).map { "word\($0)" }.joined(separator: " ")
  private static let others = (0..<52).map { "other\($0)" }.joined(separator: " ")
  private static let tokens = Array(0..<100)

  struct Case: Sendable, CustomTestStringConvertible {
    var path: String
    var body: String
    /// The same as the simulated server takes it.
    var served: String?
    var testDescription: String { path }
  }

  static let cases = [
    Case(path: "/v1/completions", body: #"{"model": "simulated", "prompt": "\#(words)"}"#),
    Case(
      path: "/v1/chat/completions",
      body: #"{"model": "simulated", "messages": [{"role": "user", "content": "\#(words)"}]}"#),
    Case(path: "/v1/completions", body: #"{"model": "simulated", "prompt": \#(tokens)}"#),
    Case(
      path: "/v1/completions",
      body: #"{"model": "simulated", "prompt": \#(tokens), "cache_salt": "alice"}"#),
    Case(
      path: "/inference/v1/generate", body: #"{"token_ids": \#(tokens), "sampling_params": {}}"#,
      served: #"{"prompt": \#(tokens)}"#),
  ]

  @Test(arguments: cases)
  func `a prompt goes where it was served, and as much is predicted as is delivered`(
    _ example: Case
  ) throws {
    let fleet = try PickerFleet()
    let served = example.served.map { (path: "/v1/completions", body: $0) }
    let first = try fleet.serve(example.path, example.body, servedAs: served)
    #expect(first.route.prediction.tokens == 0 && first.usage.cachedTokens == 0)
    for _ in 0..<4 {
      let next = try fleet.serve(example.path, example.body, servedAs: served)
      #expect(next.route.destination == first.route.destination)
      #expect(next.route.basis == "exact")
      #expect(next.route.prediction.tokens == 96 && next.usage.cachedTokens == 96)
    }
    let page = try fleet.harness.metricsPage().text
    for (name, tokens) in [("predicted", 384), ("delivered", 384)] {
      #expect(page.contains("\nkvindexer_epp_\(name)_tokens_total{basis=\"precise\"} \(tokens)\n"))
    }
    #expect(page.contains("\nkvindexer_epp_picks_total{basis=\"precise\",cause=\"\"} 5\n"))
  }

  @Test func `token ids of SGLang need no model and no renderer`() throws {
    let parsers = "{type: sglanghttp-parser}"
    let plan =
      Plans.precise(tokens: "estimate: {}", more: [parsers])
      + "\nrequestHandler: {parsers: [{pluginRef: sglanghttp-parser}]}"
    let fleet = try PickerFleet(2, plan)
    let body = #"{"input_ids": \#(Self.tokens), "sampling_params": {"max_new_tokens": 1}}"#
    let served = (path: "/v1/completions", body: #"{"prompt": \#(Self.tokens)}"#)
    let first = try fleet.serve("/generate", body, servedAs: served)
    let second = try fleet.serve("/generate", body, servedAs: served)
    #expect(second.route.destination == first.route.destination)
    #expect(second.route.basis == "exact" && second.route.prediction.tokens == 96)
    #expect(second.usage.cachedTokens == 96)
  }

  @Test func `the prompts of one request add up`() throws {
    let fleet = try PickerFleet(1)
    func body(_ prompts: String...) -> String {
      let list = prompts.map { "\"\($0)\"" }.joined(separator: ", ")
      return #"{"model": "simulated", "prompt": [\#(list)]}"#
    }
    for prompt in [Self.words, Self.others] { try fleet.serve("/v1/completions", body(prompt)) }
    let both = try fleet.serve("/v1/completions", body(Self.words, Self.others))
    #expect(both.route.basis == "exact" && both.route.prediction.tokens == 96 + 48)
    // The engine tells of the last one alone, which says nothing of the prediction.
    #expect(both.usage.cachedTokens == 48)
    let predicted = try fleet.harness.metric(
      #"kvindexer_epp_predicted_tokens_total{basis="precise"}"#)
    #expect(predicted == 0)
  }

  @Test func `nothing is predicted for a request that has the engine look for nothing`() throws {
    let fleet = try PickerFleet(1)
    let body = #"{"model": "simulated", "prompt": "\#(Self.words)""#
    try fleet.serve("/v1/completions", body + "}")
    let again = try fleet.serve("/v1/completions", body + #", "prompt_logprobs": 1}"#)
    #expect(again.route.prediction == Route.Prediction("s0", 0, "exact"))
    #expect(again.usage.cachedTokens == 0)
    #expect(try fleet.serve("/v1/completions", body + "}").route.prediction.tokens == 96)
  }

  @Test func `a rewritten model is looked up under its own name`() throws {
    let fleet = try PickerFleet(1)
    let served = #"{"model": "simulated", "prompt": "\#(Self.words)"}"#
    try fleet.serve("/v1/completions", served)
    let route = try fleet.harness.route(
      #"{"model": "alias", "prompt": "\#(Self.words)"}"#,
      headers: [(name: "x-llm-d-model-name-rewrite", value: "simulated")])
    #expect(route.prediction == Route.Prediction("s0", 96, "exact"))
    #expect(route.body.map { String(decoding: $0, as: UTF8.self) } == served)
  }
}
