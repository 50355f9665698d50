import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What the picker learns from where it sent requests, and from how they ended.
@Suite(.serialized) struct LearningTests {
  private static let four = PickerHarness.silent(["a", "b", "c", "d"])

  @Test func `a text goes where it went before`() throws {
    let harness = try PickerHarness(Self.four)
    for number in 0..<8 {
      let first = try harness.route(Plans.text(number))
      #expect(first.prediction.tokens == 0 && first.basis == "approximate: configured")
      first.complete(usage: TokenUsage(promptTokens: 288, cachedTokens: 0))
      let second = try harness.route(Plans.text(number))
      #expect(second.destination == first.destination)
      #expect(second.prediction.tokens == 256)
      second.complete(usage: TokenUsage(promptTokens: 288, cachedTokens: 250))
    }
    #expect(harness.believed == 32)
    let basis = #"{basis="approximate"}"#
    #expect(try harness.metric("kvindexer_epp_predicted_tokens_total" + basis) == 8 * 256)
    #expect(try harness.metric("kvindexer_epp_delivered_tokens_total" + basis) == 8 * 250)
  }

  struct End: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var isRemembered: Bool
    var tell: @Sendable (any RoutedExchange) -> Void
  }

  static let ends = [
    End(testDescription: "an error of the engine's", isRemembered: false) {
      $0.responseBegan(status: 500)
      $0.responseBodyBegan()
      $0.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 1)))
    },
    End(testDescription: "an error without a body", isRemembered: false) {
      $0.responseBegan(status: 429)
      $0.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 0)))
    },
    End(testDescription: "an abort before the response", isRemembered: false) {
      $0.ended(.aborted)
    },
    End(testDescription: "an abort before the first token", isRemembered: false) {
      $0.responseBegan(status: 200)
      $0.ended(.aborted)
    },
    End(testDescription: "an abort after the first token", isRemembered: true) {
      $0.responseBegan(status: 200)
      $0.responseBodyBegan()
      $0.ended(.aborted)
    },
    End(testDescription: "a response", isRemembered: true) {
      $0.responseBegan(status: 200)
      $0.responseBodyBegan()
      $0.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 1)))
    },
    End(testDescription: "a response that nobody looks at", isRemembered: true) {
      $0.ended(.unobserved)
    },
  ]

  private static let speculative = Plans.precise(
    tokens: "estimate: {}", producer: Plans.speculative)

  /// A picker whose only endpoint has announced its blocks.
  private func harness(_ engine: PublishedEngine) throws -> PickerHarness {
    let harness = try PickerHarness([engine.entry("a")], Self.speculative)
    engine.store(1..<2)
    try harness.wait(forBlocks: 4, of: "a")
    return harness
  }

  @Test(arguments: ends)
  func `what an endpoint did not compute is not believed to be there`(_ end: End) throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(engine)
    let body = Plans.tokens(2, blocks: 8)
    let route = try harness.route(body)
    #expect(harness.reservations == 1 && harness.believed == 2)
    end.tell(route.exchange)
    #expect(harness.reservations == (end.isRemembered ? 1 : 0))
    #expect(harness.believed == (end.isRemembered ? 2 : 0))
    #expect(try harness.route(body).prediction.tokens == (end.isRemembered ? 128 : 0))
  }

  @Test(arguments: ends)
  func `it is all the same when the end comes before the request was booked`(_ end: End) throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(engine)
    harness.director.direct(PickerHarness.request(Plans.tokens(2, blocks: 8))) { direction in
      if case .route(let route) = direction { end.tell(route.exchange) }
    }
    #expect(harness.reservations == (end.isRemembered ? 1 : 0))
    #expect(harness.believed == (end.isRemembered ? 2 : 0))
    #expect(harness.inFlight == [InFlightLoad()])
  }

  @Test func `a second request follows the first before any event has come`() throws {
    let engines = try (0..<2).map { _ in try PublishedEngine() }
    defer { for engine in engines { engine.publisher.stop() } }
    let harness = try PickerHarness(
      [engines[0].entry("a", port: 1001), engines[1].entry("b", port: 1002)], Self.speculative)
    for (engine, name) in zip(engines, ["a", "b"]) {
      engine.store(1..<2)
      try harness.wait(forBlocks: 4, of: name)
    }
    for number in 2..<10 {
      let first = try harness.route(Plans.tokens(number))
      let endpoint = first.prediction.endpoint
      #expect(first.prediction.tokens == 0)
      let second = try harness.route(Plans.tokens(number))
      #expect(second.prediction == .init(endpoint, 64, "exact"))
      // What the first one claimed is not what the second one did.
      first.exchange.ended(.aborted)
      #expect(try harness.route(Plans.tokens(number)).prediction == .init(endpoint, 64, "exact"))
    }
    #expect(harness.reservations == 16)
  }

  @Test func `nothing is claimed without the configuration's leave, or without tokens`() throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(engine)
    #expect(try harness.route(Plans.text(2)).basis == "approximate: no_tokens")
    #expect(harness.reservations == 0)
    let careless = try PickerHarness([engine.entry("a")], Plans.precise(tokens: "estimate: {}"))
    try careless.wait(forBlocks: 4, of: "a")
    #expect(try careless.route(Plans.tokens(2)).basis == "exact")
    #expect(careless.reservations == 0)
  }

  @Test func `an endpoint without cold requests is next, once the last one has been sent`() throws {
    let plan = Plans.plan(
      ["{type: approx-prefix-cache-producer}", "{type: no-hit-lru-scorer}"],
      profile: "no-hit-lru-scorer")
    let harness = try PickerHarness(Self.four, plan)
    func next(_ number: Int, _ headers: [(name: String, value: String)] = []) throws -> String? {
      switch try harness.direct(Plans.text(number), headers: headers) {
      case .route(let route): route.prediction.endpoint
      case .refuse: nil
      }
    }
    #expect(try next(0) == "a")
    // A request that goes nowhere teaches nothing.
    #expect(try next(1, [(name: "prefer", value: "if-available")]) == nil)
    #expect(try (2..<6).map { try next($0) } == ["b", "c", "d", "a"])
  }
}
