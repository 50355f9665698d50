import EPPScorer
import Testing
import Tokenize

@testable import Service

/// What counts as sent and not ended: up at once, down in steps, and never wrong in the end.
@Suite(.serialized) struct InFlightTests {
  private static let body = Plans.tokens(1)

  private func load(_ requests: Int, _ tokens: Int) -> InFlightLoad {
    InFlightLoad(requests: requests, tokens: tokens)
  }

  @Test func `tokens are let go at the first byte, and all at the end`() throws {
    let harness = try PickerHarness([PickerHarness.silent("a")])
    let first = try harness.route(Self.body)
    #expect(harness.inFlight == [load(1, 65)])
    // What the first one leaves there need not be computed again.
    let second = try harness.route(Self.body)
    #expect(harness.inFlight == [load(2, 66)])
    first.exchange.responseBegan(status: 200)
    #expect(harness.inFlight == [load(2, 66)])
    first.exchange.responseBodyBegan()
    #expect(harness.inFlight == [load(2, 1)])
    first.exchange.responseBodyContinued()
    first.exchange.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 2)))
    #expect(harness.inFlight == [load(1, 1)])
    second.exchange.ended(.aborted)
    #expect(harness.inFlight == [load(0, 0)])
  }

  @Test func `estimated tokens of output count until the end`() throws {
    let plan = Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: active-request-scorer}",
        "{type: inflight-load-producer, parameters: "
          + "{addEstimatedOutputTokens: true, outputRatio: 2}}",
      ], profile: "active-request-scorer")
    let harness = try PickerHarness([PickerHarness.silent("a")], plan)
    let route = try harness.route(Self.body)
    #expect(harness.inFlight == [load(1, 65 + 130)])
    route.exchange.responseBegan(status: 200)
    route.exchange.responseBodyBegan()
    #expect(harness.inFlight == [load(1, 65 + 130)])
    route.exchange.ended(.aborted)
    #expect(harness.inFlight == [load(0, 0)])
    let short = try harness.route(Plans.tokens(2, more: #", "max_tokens": 7"#))
    #expect(harness.inFlight == [load(1, 65 + 7)])
    short.complete()
  }

  @Test func `text is counted by estimate, also where no plugin looks at prefixes`() throws {
    let plan = Plans.plan(["{type: active-request-scorer}"], profile: "active-request-scorer")
    let harness = try PickerHarness([PickerHarness.silent("a")], plan)
    for (body, tokens) in [(Plans.text(1), 288), (Plans.tokens(1), 65)] {
      let route = try harness.route(body)
      #expect(harness.inFlight == [load(1, tokens)])
      route.complete()
      #expect(harness.inFlight == [load(0, 0)])
    }
  }

  @Test func `requests go to who has fewer`() throws {
    let plan = Plans.plan(["{type: active-request-scorer}"], profile: "active-request-scorer")
    let harness = try PickerHarness(PickerHarness.silent(["a", "b", "c"]), plan)
    for round in 1...3 {
      for _ in 0..<3 { _ = try harness.route("", path: "/v1/models") }
      #expect(harness.inFlight.map(\.requests) == [round, round, round])
    }
  }

  private static func endpoint(_ name: String, _ role: String, port: Int) -> String {
    PickerHarness.silent(name, port: port, more: ", labels: {llm-d.ai/role: \(role)}")
  }

  private static func disaggregated(_ decider: String) -> String {
    Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
        "{type: prefill-filter}", "{type: decode-filter}", decider,
        "{type: disagg-profile-handler, parameters: {deciders: {prefill: decider}}}",
      ],
      profiles: [
        ("prefill", "prefill-filter prefix-cache-scorer"),
        ("decode", "decode-filter prefix-cache-scorer"),
      ])
  }

  @Test func `a divided request counts where it is prefilled, until it is decoded`() throws {
    let harness = try PickerHarness(
      [Self.endpoint("d", "decode", port: 1001), Self.endpoint("p", "prefill", port: 1002)],
      Self.disaggregated("{name: decider, type: always-disagg-pd-decider}"))
    let sent = [(name: "x-prefiller-host-port", value: "6.6.6.6:6")]
    let route = try harness.route(Self.body, headers: sent)
    #expect(route.destination == "127.0.0.1:1001")
    #expect(route.header("x-prefiller-host-port") == "127.0.0.1:1002")
    #expect(route.removeHeaders == [])
    #expect(harness.inFlight == [load(1, 65), load(1, 65)])
    route.exchange.responseBegan(status: 200)
    route.exchange.responseBodyBegan()
    #expect(harness.inFlight == [load(1, 0), load(0, 0)])
    route.exchange.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 1)))
    #expect(harness.inFlight == [load(0, 0), load(0, 0)])
    // Both hold the prompt now.
    #expect(harness.believed == 2)
    let aborted = try harness.route(Plans.tokens(2))
    aborted.exchange.ended(.aborted)
    #expect(harness.believed == 2)
    #expect(harness.inFlight == [load(0, 0), load(0, 0)])
    let decisions = try harness.metricsPage().text
    #expect(decisions.contains(#"decision_type="prefill-decode"} 2"#))
  }

  @Test func `who encodes media does not hold the prompt`() throws {
    let plan = Plans.plan(
      [
        "{type: approx-prefix-cache-producer}", "{type: prefix-cache-scorer}",
        "{type: encode-filter}", "{type: decode-filter}",
        "{name: decider, type: always-disagg-multimodal-decider}",
        "{type: disagg-profile-handler, parameters: {deciders: {encode: decider}}}",
      ],
      profiles: [("encode", "encode-filter"), ("decode", "decode-filter prefix-cache-scorer")])
    let harness = try PickerHarness(
      [Self.endpoint("d", "decode", port: 1001), Self.endpoint("e", "encode", port: 1002)], plan)
    let image = #"{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}"#
    let text = String(repeating: "x", count: 512)
    let route = try harness.route(
      #"{"model": "m", "messages": [{"role": "user", "content": "#
        + #"[{"type": "text", "text": "\#(text)"}, \#(image)]}]}"#, path: "/v1/chat/completions")
    #expect(route.header("x-encoder-hosts-ports") == "127.0.0.1:1002")
    #expect(harness.inFlight.map(\.requests) == [1, 1])
    // 512 bytes of text and 225 tokens of image on one endpoint.
    #expect(harness.believed == 5)
    route.complete()
    #expect(harness.inFlight == [load(0, 0), load(0, 0)])
  }

  @Test func `a client's own prefiller does not reach who decodes`() throws {
    let harness = try PickerHarness(
      [Self.endpoint("d", "decode", port: 1001), Self.endpoint("p", "prefill", port: 1002)],
      Self.disaggregated(
        "{name: decider, type: prefix-based-pd-decider, parameters: {nonCachedTokens: 66}}"))
    let sent = [
      (name: "x-prefiller-host-port", value: "6.6.6.6:6"), (name: "accept", value: "*/*"),
      (name: "x-gateway-destination-endpoint-subset", value: "6.6.6.6:6"),
    ]
    let whole = try harness.route(Self.body, headers: sent)
    #expect(whole.header("x-prefiller-host-port") == nil)
    #expect(
      whole.removeHeaders == ["x-prefiller-host-port", "x-gateway-destination-endpoint-subset"])
    // Enough to be computed, and after that not enough any more.
    let long = Plans.tokens(2, blocks: 8)
    let divided = try harness.route(long, headers: sent)
    #expect(divided.header("x-prefiller-host-port") == "127.0.0.1:1002")
    #expect(divided.removeHeaders == ["x-gateway-destination-endpoint-subset"])
    divided.complete()
    #expect(try harness.route(long).header("x-prefiller-host-port") == nil)
  }
}
