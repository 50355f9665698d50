import EPPScorer
import KVIndexer
import Testing
import Tokenize

@testable import Service

/// What the picker says that it would do, and why.
@Suite(.serialized) struct PickExplainerTests {
  private static let endpoints = PickerHarness.silent(["a", "b", "c"])

  private func explain(
    _ harness: PickerHarness, _ body: String = Plans.tokens(1)
  ) throws -> PickExplanation {
    let request = try InferenceRequest(
      .completions, parsing: Array(body.utf8), keyedBy: RenderKeySeed())
    var prompts: [RenderedPrompt] = []
    if case .tokens(let tokens) = request.prompt {
      prompts = tokens.map { RenderedPrompt(tokens: $0) }
    }
    let resolved = ResolvedPrompt(
      model: "m", origin: prompts.isEmpty ? .estimated : .given, prompts: prompts,
      tokenCount: prompts.isEmpty ? 288 : prompts.reduce(0) { $0 + $1.tokens.count })
    return harness.director.explain(resolved, from: .body(.completions, Array(body.utf8)))
  }

  @Test func `it would pick who was sent the prompt before, and names what it holds`() throws {
    let harness = try PickerHarness(Self.endpoints)
    let route = try harness.route(Plans.text(1))
    let explanation = try explain(harness, Plans.text(1))
    #expect(explanation.picked == route.prediction.endpoint)
    #expect(explanation.profile == "default" && explanation.givenUp == nil)
    #expect(explanation.sentence.contains("is the highest of 3"))
    #expect(explanation.candidates.count == 3)
    let picked = try #require(
      explanation.candidates.first { $0.endpoint == explanation.picked })
    #expect(picked.predictedTokens > 0 && picked.basis == "approximate: configured")
    #expect(picked.parts.map(\.scorer) == ["prefix-cache-scorer"])
    #expect(picked.parts[0].score > 0 && picked.total == picked.parts[0].score)
  }

  @Test func `token ids are explained as such`() throws {
    let harness = try PickerHarness(Self.endpoints)
    let body = Plans.tokens(1, blocks: 8)
    let route = try harness.route(body)
    let resolved = ResolvedPrompt(
      model: "m", origin: .given,
      prompts: [RenderedPrompt(tokens: PublishedEngine.tokens(1, blocks: 8) + [0])],
      tokenCount: 129)
    let explanation = harness.director.explain(
      resolved, from: .tokens(resolved.prompts[0].tokens))
    #expect(explanation.picked == route.prediction.endpoint)
    #expect(try explain(harness, body) == explanation)
  }

  @Test func `explaining changes nothing`() throws {
    let plan = Plans.plan(
      ["{type: approx-prefix-cache-producer}", "{type: no-hit-lru-scorer}"],
      profile: "no-hit-lru-scorer")
    let harness = try PickerHarness(Self.endpoints, plan)
    let page = try harness.metricsPage().text
    for _ in 0..<5 { #expect(try explain(harness, Plans.text(1)).picked == "a") }
    #expect(harness.believed == 0 && harness.inFlight.allSatisfy { $0 == InFlightLoad() })
    for family in ["kvindexer_epp_picks_total", "kvindexer_decisions"] {
      let lines = page.split(separator: "\n").filter { $0.hasPrefix(family) }
      let now = try harness.metricsPage().text.split(separator: "\n")
        .filter { $0.hasPrefix(family) }
      #expect(lines == now)
    }
    // A real request does change who is next.
    _ = try harness.route(Plans.text(1))
    #expect(try explain(harness, Plans.text(2)).picked == "b")
  }

  @Test func `a filter that removes an endpoint is named`() throws {
    let plan = Plans.plan(
      [
        "{type: label-selector-filter, name: only-b, parameters: {matchLabels: {zone: b}}}",
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
      ], profile: "only-b prefix-cache-scorer")
    let harness = try PickerHarness(
      [
        PickerHarness.silent("a", port: 1001, more: ", labels: {zone: a}"),
        PickerHarness.silent("b", port: 1002, more: ", labels: {zone: b}"),
      ], plan)
    let explanation = try explain(harness)
    #expect(explanation.picked == "b")
    #expect(explanation.candidates.map(\.filteredBy) == ["only-b", nil])
    #expect(explanation.candidates[0].total == nil)
    #expect(explanation.sentence.contains("the only endpoint of 2 that the filters leave"))
  }

  @Test func `endpoints of other models are named as that`() throws {
    let harness = try PickerHarness([
      PickerHarness.silent("a", port: 1001, more: ", model: m"),
      PickerHarness.silent("b", port: 1002, more: ", model: n"),
    ])
    let explanation = try explain(harness)
    #expect(explanation.picked == "a")
    #expect(explanation.candidates.map(\.filteredBy) == [nil, "it serves another model"])
    #expect(explanation.sentence == "It goes to a, the only endpoint that can take it.")
  }

  @Test func `what is given up for a shorter queue is said`() throws {
    let plan = Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
        "{type: active-request-scorer}",
      ], profiles: [("default", "prefix-cache-scorer active-request-scorer")])
    let harness = try PickerHarness(PickerHarness.silent(["a", "b"]), plan)
    let body = Plans.text(1, blocks: 1)
    let holder = try harness.route(body).prediction.endpoint
    // A text of which the holder has a part; requests under way there outweigh that.
    let longer = Plans.text(1, blocks: 8)
    for number in 0..<4 {
      _ = try harness.route(
        Plans.text(100 + number), subset: [holder == "a" ? "127.0.0.1:1001" : "127.0.0.1:1002"])
    }
    let explanation = try explain(harness, longer)
    #expect(explanation.picked != holder)
    let givenUp = try #require(explanation.givenUp)
    #expect(givenUp.endpoint == holder && givenUp.tokens > 0)
    #expect(givenUp.reasons.map(\.scorer) == ["active-request-scorer"])
    #expect(givenUp.reasons[0].weightedDifference > 0)
  }

  @Test func `a request that would go nowhere says why`() throws {
    let plan = Plans.plan(
      [
        "{type: label-selector-filter, name: nobody, parameters: {matchLabels: {zone: x}}}",
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
      ], profile: "nobody prefix-cache-scorer")
    let harness = try PickerHarness(Self.endpoints, plan)
    let explanation = try explain(harness)
    #expect(explanation.picked == nil && explanation.givenUp == nil)
    #expect(
      explanation.sentence
        == "It would be refused: the filter 'nobody' of profile 'default' leaves no endpoint.")
  }

  @Test func `a draw is called one`() throws {
    let plan = Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
        "{type: random-picker}",
      ],
      profile: "prefix-cache-scorer random-picker")
    let harness = try PickerHarness(Self.endpoints, plan)
    let holder = try harness.route(Plans.text(1)).prediction.endpoint
    let drawn = try (0..<64).map { _ in try explain(harness, Plans.text(1)) }
      .first { $0.picked != holder }
    #expect(drawn == nil || drawn?.sentence.contains("drawn by 'random-picker'") == true)
  }
}
