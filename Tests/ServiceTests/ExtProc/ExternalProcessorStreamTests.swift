import EPPScorer
import Testing

@testable import Service

@Suite struct ExternalProcessorStreamTests {
  private static let destination = "x-gateway-destination-endpoint: 10.0.0.1:8000"
  private static let routed = GatewayAnswer.Headers(set: [destination], clearsRouteCache: true)

  @Test func `a request is answered once all of it is there`() throws {
    let harness = StreamHarness()
    #expect(harness.receive(GatewayMessage.headers(.request, StreamHarness.post)) == nil)
    #expect(harness.receive(GatewayMessage.body(.request, "ab")) == nil)
    #expect(try harness.answers() == [])
    let request = harness.receive(GatewayMessage.body(.request, "c", endsStream: true))
    #expect(request?.body == Array("abc".utf8))
    #expect(request?.headers[":path"] == "/v1/completions")
    #expect(harness.metrics.decisionsInFlight == 1)
    harness.decide(harness.route())
    #expect(
      try harness.answers()
        == [.headers(.request, Self.routed), .body(.request, "abc", endsStream: true)])
    #expect(harness.context.bodies.heldBytes == 0)
    #expect(harness.metrics.decisionsInFlight == 0)
    #expect(harness.output.status == nil)
  }

  @Test func `headers that are all are answered alone`() throws {
    let harness = StreamHarness()
    let message = GatewayMessage.headers(.request, StreamHarness.post, endsStream: true)
    #expect(harness.receive(message)?.body == [])
    harness.decide(harness.route { $0.body = [1] })
    #expect(try harness.answers() == [.headers(.request, Self.routed)])
  }

  @Test func `trailers end a request, and are answered after its body`() throws {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    harness.receive(GatewayMessage.body(.request, "abc"))
    #expect(harness.receive(GatewayMessage.trailers(.request)) != nil)
    harness.decide(harness.route { $0.body = Array("new".utf8) })
    var headers = Self.routed
    headers.remove = ["content-length"]
    #expect(
      try harness.answers() == [
        .headers(.request, headers), .body(.request, "new", endsStream: false),
        .trailers(.request),
      ])
  }

  @Test func `a body beyond a piece goes in several`() throws {
    let harness = StreamHarness()
    let piece = ProcessingResponse.bodyBytesMax
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    let body = String(repeating: "x", count: 2 * piece + 1)
    harness.receive(GatewayMessage.body(.request, body, endsStream: true))
    harness.decide(harness.route())
    let sizes = try harness.answers().dropFirst().map { answer in
      if case .body(_, let text, let endsStream) = answer {
        (text.count, endsStream)
      } else {
        (0, false)
      }
    }
    #expect(sizes.map(\.0) == [piece, piece, 1])
    #expect(sizes.map(\.1) == [false, false, true])
  }

  @Test func `another body comes with its length, and nothing outranks the destination`() throws {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    harness.receive(GatewayMessage.body(.request, "", endsStream: true))
    harness.decide(
      harness.route { route in
        route.body = Array("new".utf8)
        route.removeHeaders = ["x-a"]
        route.setHeaders = [
          HeaderMutation.Header(name: "x-gateway-destination-endpoint", value: "other")
        ]
      })
    let headers = GatewayAnswer.Headers(
      set: ["x-gateway-destination-endpoint: other", "content-length: 3", Self.destination],
      remove: ["x-a"], clearsRouteCache: true)
    #expect(
      try harness.answers()
        == [.headers(.request, headers), .body(.request, "new", endsStream: true)])
  }

  @Test(arguments: [[], [("x-request-id", "")]])
  func `a request without an identifier gets one`(_ headers: [(String, String)]) throws {
    let harness = StreamHarness()
    let request = harness.receive(
      GatewayMessage.headers(.request, headers, endsStream: true))
    let id = try #require(request?.headers["x-request-id"])
    let lengths = id.split(separator: "-").map(\.count)
    #expect(lengths == [8, 4, 4, 4, 12])
    #expect(id.dropFirst(14).first == "4")
    #expect("89ab".contains(id.dropFirst(19).first ?? " "))
    harness.decide(harness.route())
    let expected = GatewayAnswer.Headers(
      set: ["x-request-id: \(id)", Self.destination], clearsRouteCache: true)
    #expect(try harness.answers() == [.headers(.request, expected)])
  }

  @Test func `the gateway's subset counts wherever it comes, unless it is to be ignored`() {
    for readsSubset in [true, false] {
      let harness = StreamHarness(readsSubset: readsSubset)
      harness.receive(
        GatewayMessage.headers(.request, StreamHarness.post, subset: ["10.0.0.9:1"]))
      let request = harness.receive(
        GatewayMessage.body(.request, "", endsStream: true, subset: ["a:1", "b:1"]))
      #expect(request?.subset == (readsSubset ? ["a:1", "b:1"] : nil))
    }
    let harness = StreamHarness()
    let headers = GatewayMessage.headers(.request, [], endsStream: true, subset: [])
    #expect(harness.receive(headers)?.subset == [])
  }

  @Test func `an end that comes twice is ignored`() throws {
    let harness = StreamHarness()
    try harness.forward()
    harness.receive(GatewayMessage.body(.request, "", endsStream: true))
    #expect(try harness.answers() == [])
    #expect(harness.metrics.anomalies[.duplicateEnd].value == 1)
    harness.receive(GatewayMessage.body(.request, "late"))
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    harness.receive(GatewayMessage.body(.response, "early"))
    harness.receive(GatewayMessage.trailers(.response))
    harness.receive([])
    #expect(try harness.answers() == [])
    #expect(harness.metrics.anomalies[.unexpectedMessage].value == 5)
    #expect(harness.exchange.events.isEmpty)
  }

  @Test func `a refusal ends the stream`() throws {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post, endsStream: true))
    harness.decide(.refuse(Refusal(.resourceExhausted, "full", droppedReason: "evicted")))
    let headers = GatewayAnswer.Headers(
      set: ["content-type: text/plain", "x-llm-d-request-dropped-reason: evicted"])
    #expect(
      try harness.answers() == [
        .immediate(status: 429, headers, body: "inference error: ResourceExhausted - full")
      ])
    #expect(harness.output.status == .ok)
    #expect(harness.metrics.decisionsInFlight == 0)
    #expect(harness.metrics.streams[.refused].value == 1)
  }

  @Test func `bodies of all streams together have a limit`() throws {
    var limits = ExternalProcessorLimits()
    limits.heldBytesMax = 3
    let harness = StreamHarness(limits)
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    harness.receive(GatewayMessage.body(.request, "ab"))
    harness.receive(GatewayMessage.body(.request, "cd"))
    guard case .immediate(503, _, _) = try harness.answers().first else {
      Issue.record("not refused")
      return
    }
    #expect(harness.context.bodies.heldBytes == 0)
    #expect(harness.metrics.anomalies[.noRoomForBody].value == 1)
  }

  @Test(arguments: [
    (ProcessingRequest.BodyModes(request: 4, response: 4), true), (.init(request: 4), true),
    (.init(request: 1, response: 4), false), (.init(request: 4, response: 2), false),
    (.init(), false),
  ])
  func `a gateway that sends bodies in another mode is told so`(
    _ modes: ProcessingRequest.BodyModes, _ isServed: Bool
  ) {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post, modes: modes))
    #expect(harness.output.status?.code == (isServed ? nil : .failedPrecondition))
    #expect(harness.metrics.streams[.misconfigured].value == (isServed ? 0 : 1))
  }
}
