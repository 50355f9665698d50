import EPPScorer
import Testing
import Tokenize

@testable import Service

/// Precise predictions beside approximate routing.
@Suite(.serialized) struct PreciseShadowTests {
  private static let words = (0..<100).map { "word\($0)" }.joined(separator: " ")
  private static let text = #"{"model": "simulated", "prompt": "\#(words)"}"#
  private static let tokens = #"{"model": "simulated", "prompt": \#(Array(0..<100))}"#

  private func comparison(_ fleet: PickerFleet) throws -> RecordedJSON {
    try fleet.harness.adminAnswer("/v1/comparison").json
  }

  private func beside(_ outcome: String, _ harness: PickerHarness) throws -> Double? {
    try harness.metric("kvindexer_shadow_predictions_total{outcome=\"\(outcome)\"}")
  }

  @Test func `token ids are predicted at once`() throws {
    let fleet = try PickerFleet(2, Plans.approximate) { $0.shadowsPrecisely = true }
    for _ in 0..<4 {
      let served = try fleet.serve("/v1/completions", Self.tokens)
      #expect(served.route.basis == "approximate: configured")
    }
    let json = try comparison(fleet)
    #expect(json["routing"]?.string == "approximate")
    #expect(json["total"]?["precise"]?["requests"]?.integer == 4)
    #expect(json["total"]?["precise"]?["predicted_tokens"]?.integer == 3 * 96)
    #expect(json["total"]?["precise"]?["absolute_error_tokens"]?.integer == 0)
    #expect(json["total"]?["approximate"]?["requests"]?.integer == 4)
    #expect(try beside("ready", fleet.harness) == 4)
  }

  @Test func `text is rendered beside the route`() throws {
    let fleet = try PickerFleet(2, Plans.approximate) { $0.shadowsPrecisely = true }
    for number in 1...3 {
      let route = try fleet.harness.route(Self.text)
      #expect(route.basis == "approximate: configured")
      // The route did not wait; the response does here, so that the prediction is in time.
      try Deadline.wait { try beside("ready", fleet.harness) == Double(number) }
      let usage = try fleet.generate("/v1/completions", Self.text, at: route.destination)
      route.complete(usage: usage)
      try fleet.settle()
    }
    let precise = try comparison(fleet)["total"]?["precise"]
    #expect(precise?["requests"]?.integer == 3)
    #expect(precise?["predicted_tokens"]?.integer == 2 * 96)
    #expect(precise?["absolute_error_tokens"]?.integer == 0)
  }

  @Test func `a prediction that comes after the response began does not count`() throws {
    let renderer = try FakeRenderer()
    defer { renderer.stop() }
    renderer.behave(.slow)
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let plan = Plans.plan(
      [
        "{type: token-producer, parameters: {estimate: {}}}",
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
      ], profile: "prefix-cache-scorer")
    guard case .tcp(_, let port) = renderer.address else { return }
    let harness = try PickerHarness(
      [engine.entry("a", port: Int(port))], plan
    ) { $0.shadowsPrecisely = true }
    let route = try harness.route(Plans.text(1))
    route.complete(usage: TokenUsage(promptTokens: 288, cachedTokens: 0))
    try Deadline.wait {
      let late = try beside("late", harness) ?? 0
      let unavailable = try beside("unavailable", harness) ?? 0
      return late + unavailable == 1
    }
    let precise = try harness.adminAnswer("/v1/comparison").json["total"]?["precise"]
    #expect(precise?["requests"]?.integer == 0)
  }

  @Test func `a shadow makes claims of its own, and takes them back`() throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try PickerHarness([engine.entry("a")], Plans.approximate) {
      $0.shadowsPrecisely = true
    }
    engine.store(1..<2)
    try harness.wait(forBlocks: 4, of: "a")
    let route = try harness.route(Plans.tokens(2))
    #expect(harness.shadowReservations == 1)
    #expect(try harness.route(Plans.tokens(2)).basis == "approximate: configured")
    #expect(try harness.decision()?["precise_tokens"]?.integer == 64)
    route.exchange.ended(.aborted)
    #expect(harness.shadowReservations == 1)
  }

  @Test func `without the flag there is no shadow, and the index follows nobody`() throws {
    let fleet = try PickerHarness(PickerHarness.silent(["a"]))
    try fleet.route(Plans.tokens(1)).complete(
      usage: TokenUsage(promptTokens: 65, cachedTokens: 0))
    let total = try fleet.adminAnswer("/v1/comparison").json["total"]
    #expect(total?["requests"]?.integer == 1)
    #expect(total?["precise"]?["requests"]?.integer == 0)
    #expect(try beside("ready", fleet) == 0)
  }
}
