import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What is remembered of picks, and what comes of it.
@Suite(.serialized) struct PickedDecisionTests {
  private static let words = (0..<700).map { "word\($0)" }.joined(separator: " ")
  private static let body = #"{"model": "simulated", "prompt": "\#(words)"}"#

  @Test func `predicted equals delivered, and both predictors are compared`() throws {
    let fleet = try PickerFleet()
    for _ in 0..<5 { try fleet.serve("/v1/completions", Self.body) }
    let comparison = try fleet.harness.adminAnswer("/v1/comparison").json
    let total = comparison["total"]
    #expect(comparison["routing"]?.string == "precise")
    #expect(total?["requests"]?.integer == 5)
    let delivered = try #require(total?["delivered_tokens"]?.integer)
    #expect(delivered == 4 * 688)
    #expect(total?["precise"]?["requests"]?.integer == 5)
    #expect(total?["precise"]?["predicted_tokens"]?.integer == delivered)
    for field in ["absolute_error_tokens", "wrong_requests", "regret_tokens"] {
      #expect(total?["precise"]?[field]?.integer == 0)
    }
    #expect(total?["approximate"]?["requests"]?.integer == 5)
    // Text is cut into blocks of another length, so the guess is near and not the same.
    #expect(total?["approximate"]?["wrong_requests"]?.integer == 4)
    #expect(total?["approximate"]?["regret_tokens"]?.integer == 0)
    let rows = comparison["rows"]?.array
    #expect(rows?.count == 1 && rows?.first?["model"]?.string == "simulated")
  }

  @Test func `a decision tells its candidates, its blocks and its end`() throws {
    let fleet = try PickerFleet()
    let first = try fleet.serve("/v1/completions", Self.body)
    let second = try fleet.serve("/v1/completions", Self.body)
    let page = try fleet.harness.adminAnswer("/v1/decisions?blocks=true").json
    #expect(page["kept"]?.integer == 2 && page["next"] == .null)
    let decisions = try #require(page["decisions"]?.array)
    #expect(decisions.map { $0["id"]?.integer } == [2, 1])
    let last = decisions[0]
    #expect(last["status"]?.string == "completed" && last["basis"]?.string == "exact")
    #expect(last["tokens_from"]?.string == "cached" && last["prompt_tokens"]?.integer == 700)
    #expect(last["endpoint"]?.string == second.route.prediction.endpoint)
    #expect(last["predicted_tokens"]?.integer == 688)
    #expect(last["precise_tokens"]?.integer == 688)
    #expect(last["delivered_tokens"]?.integer == second.usage.cachedTokens)
    #expect(last["delivered_prompt_tokens"]?.integer == 700)
    #expect(last["regret_tokens"]?.integer == 0 && last["error_cause"] == .null)
    #expect(last["best_endpoint"] == last["endpoint"])
    #expect(last["blocks"]?.array?.count == 2)
    #expect(last["blocks"] == decisions[1]["blocks"])
    let candidates = try #require(last["candidates"]?.array)
    #expect(candidates.count == 2)
    #expect(candidates.map { $0["picked"] } == [.bool(true), .bool(false)])
    #expect(candidates[0]["score"] != .null)
    #expect(first.usage.cachedTokens == 0)
  }

  @Test func `text is found nowhere in a decision`() throws {
    let fleet = try PickerFleet(1)
    try fleet.serve("/v1/completions", Self.body)
    let answer = try fleet.harness.adminAnswer("/v1/decisions?blocks=true")
    #expect(!answer.reply.text.contains("word"))
  }

  struct End: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var tell: @Sendable (any RoutedExchange) -> Void
  }

  static let ends = [
    End(testDescription: "pending") { _ in },
    End(testDescription: "completed") { exchange in
      exchange.responseBegan(status: 200)
      exchange.responseBodyBegan()
      exchange.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 1)))
    },
    End(testDescription: "failed") { exchange in
      exchange.responseBegan(status: 500)
      exchange.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 1)))
    },
    End(testDescription: "aborted") { $0.ended(.aborted) },
    End(testDescription: "unobserved") { exchange in
      exchange.responseBegan(status: 200)
      exchange.ended(.unobserved)
    },
  ]

  @Test(arguments: ends)
  func `how a request ended is its status, and without usage nothing was delivered`(
    _ end: End
  ) throws {
    let harness = try PickerHarness(PickerHarness.silent(["a", "b"]))
    let route = try harness.route(
      Plans.text(1), headers: [(name: "x-request-id", value: "id-1")])
    end.tell(route.exchange)
    let decision = try harness.decision()
    #expect(decision?["status"]?.string == end.testDescription)
    #expect(decision?["request_id"]?.string == "id-1")
    #expect(decision?["delivered_tokens"] == .null && decision?["regret_tokens"] == .null)
  }

  @Test func `an end that came before the decision was remembered is not lost`() throws {
    let harness = try PickerHarness(PickerHarness.silent(["a", "b"]))
    harness.director.direct(PickerHarness.request(Plans.text(1))) { direction in
      if case .route(let route) = direction {
        route.complete(usage: TokenUsage(promptTokens: 288, cachedTokens: 16))
      }
    }
    let decision = try harness.decision()
    #expect(decision?["status"]?.string == "completed")
    #expect(decision?["delivered_tokens"]?.integer == 16)
    #expect(decision?["error_cause"]?.string == "estimated_tokens")
  }

  @Test func `a request that goes nowhere is remembered too`() throws {
    let harness = try PickerHarness(PickerHarness.silent(["a"]))
    let refusal = try harness.refusal(Plans.text(1), subset: ["10.0.0.1:1"])
    #expect(refusal?.code == .serviceUnavailable)
    let decision = try harness.decision()
    #expect(decision?["status"]?.string == "refused" && decision?["endpoint"] == .null)
    #expect(decision?["candidates"]?.array?.isEmpty == true)
  }

  @Test func `a report tells what the picker did not see`() throws {
    let harness = try PickerHarness(PickerHarness.silent(["a", "b"]))
    let route = try harness.route(
      Plans.text(1), headers: [(name: "x-request-id", value: "id-1")])
    route.exchange.responseBegan(status: 200)
    route.exchange.ended(.unobserved)
    let endpoint = route.prediction.endpoint
    let report =
      #"{"request_id": "id-1", "endpoint": "\#(endpoint)", "cached_tokens": 8, "#
      + #""prompt_tokens": 300}"#
    let answer = try harness.adminAnswer("/v1/feedback", post: report)
    #expect(answer.status == 200 && answer.json["error_tokens"]?.integer == 8)
    #expect(try harness.decision()?["status"]?.string == "completed")
  }
}
