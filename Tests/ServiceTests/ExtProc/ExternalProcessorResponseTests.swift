import EPPScorer
import Testing
import Tokenize

@testable import Service

@Suite struct ExternalProcessorResponseTests {
  private static let seen = GatewayAnswer.Headers(set: ["x-went-into-resp-headers: true"])

  private func headers(_ more: [(String, String)] = [], endsStream: Bool = false) -> [UInt8] {
    GatewayMessage.headers(
      .response, [(":status", "200")] + more, endsStream: endsStream)
  }

  @Test func `every piece is answered at once, and the end ends the stream`() throws {
    let harness = StreamHarness()
    try harness.forward()
    harness.receive(headers([("content-type", "application/json")]))
    #expect(try harness.answers() == [.headers(.response, Self.seen)])
    for (piece, endsStream) in [
      (#"{"usage":{"prompt_tok"#, false), (#"ens":7}}"#, false), ("", true),
    ] {
      harness.receive(GatewayMessage.body(.response, piece, endsStream: endsStream))
      #expect(try harness.answers() == [.body(.response, piece, endsStream: endsStream)])
    }
    #expect(harness.output.status == .ok)
    let summary = ResponseSummary(usage: TokenUsage(promptTokens: 7), bodyBytes: 29)
    #expect(harness.exchange.events == [.began(200), .body, .ended(.completed(summary))])
    #expect(harness.metrics.responseBytes.value == 29)
  }

  @Test func `trailers end a response, after what was held back`() throws {
    let harness = StreamHarness()
    try harness.forward { $0.modelRewrite = ModelRewrite(client: "c", target: "target") }
    harness.receive(headers())
    harness.receive(GatewayMessage.body(.response, #"{"model":"tar"#))
    harness.receive(GatewayMessage.trailers(.response))
    var headers = Self.seen
    headers.remove = ["content-length"]
    #expect(
      try harness.answers() == [
        .headers(.response, headers), .body(.response, #"{"model":""#, endsStream: false),
        .body(.response, "tar", endsStream: false), .trailers(.response),
      ])
    #expect(harness.output.status == .ok)
  }

  @Test func `what was held back comes with the last piece`() throws {
    let harness = StreamHarness()
    try harness.forward { $0.modelRewrite = ModelRewrite(client: "c", target: "target") }
    harness.receive(headers())
    harness.receive(GatewayMessage.body(.response, #"{"model":"targ"#))
    harness.receive(GatewayMessage.body(.response, "", endsStream: true))
    #expect(try harness.answers().last == .body(.response, "targ", endsStream: true))
  }

  @Test(arguments: [("content-encoding", "gzip"), ("content-type", "text/plain")])
  func `a response that can't be read passes as it is`(_ name: String, _ value: String) throws {
    let harness = StreamHarness()
    try harness.forward { $0.modelRewrite = ModelRewrite(client: "c", target: "t") }
    harness.receive(headers([(name, value)]))
    let body = #"{"model":"t","usage":{"prompt_tokens":7}}"#
    harness.receive(GatewayMessage.body(.response, body, endsStream: true))
    #expect(
      try harness.answers()
        == [.headers(.response, Self.seen), .body(.response, body, endsStream: true)])
    let summary = ResponseSummary(usage: nil, bodyBytes: body.utf8.count)
    #expect(harness.exchange.events.last == .ended(.completed(summary)))
  }

  @Test func `a response without a body is complete with its headers`() throws {
    let harness = StreamHarness()
    try harness.forward { route in
      route.responseHeaders = [HeaderMutation.Header(name: "x-a", value: "1")]
    }
    harness.receive(headers(endsStream: true))
    #expect(
      try harness.answers()
        == [.headers(.response, .init(set: ["x-a: 1", "x-went-into-resp-headers: true"]))])
    #expect(
      harness.exchange.events
        == [.began(200), .ended(.completed(ResponseSummary(usage: nil, bodyBytes: 0)))])
  }

  @Test func `a route whose response is of no interest lets the gateway go`() throws {
    let harness = StreamHarness()
    try harness.forward { $0.readsResponse = false }
    #expect(harness.output.status == .ok)
    #expect(harness.exchange.events == [.ended(.unobserved)])
    harness.stream.cancelled(now: 3)
    #expect(harness.exchange.events == [.ended(.unobserved)])
    #expect(harness.metrics.streamsInFlight == 0)
  }

  @Test func `an answer of the gateway's own overtakes the decision`() throws {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post))
    harness.receive(GatewayMessage.body(.request, "abc", endsStream: true))
    harness.receive(GatewayMessage.headers(.response, [(":status", "408")]))
    harness.receive(GatewayMessage.body(.response, "timeout", endsStream: true))
    #expect(
      try harness.answers()
        == [.headers(.response, Self.seen), .body(.response, "timeout", endsStream: true)])
    harness.decide(harness.route())
    #expect(try harness.answers() == [])
    #expect(harness.exchange.events == [.ended(.aborted)])
    #expect(harness.metrics.streams[.abandoned].value == 1)
    #expect(harness.metrics.decisionsInFlight == 0)
    #expect(harness.context.bodies.heldBytes == 0)
  }

  @Test func `a stream that is lost aborts its exchange`() throws {
    let harness = StreamHarness()
    try harness.forward()
    harness.receive(headers())
    harness.stream.cancelled(now: 3)
    #expect(harness.exchange.events == [.began(200), .ended(.aborted)])
    #expect(harness.metrics.streamsByCode[.cancelled].value == 1)
    harness.receive(GatewayMessage.body(.response, "late"))
    #expect(harness.exchange.events.count == 2)
  }

  @Test func `a gateway that says no more gets the answer that is due`() throws {
    let harness = StreamHarness()
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post, endsStream: true))
    harness.stream.gatewayFinished(now: 2, harness.output)
    #expect(harness.output.status == nil)
    harness.decide(harness.route())
    #expect(try harness.answers().count == 1)
    #expect(harness.output.status == .ok)
    #expect(harness.exchange.events == [.ended(.aborted)])
  }

  @Test func `a message that can't be read ends the stream`() throws {
    let harness = StreamHarness()
    try harness.forward()
    harness.receive([0x12, 5, 1])
    #expect(harness.output.status?.code == .invalidArgument)
    #expect(harness.exchange.events == [.ended(.aborted)])
    #expect(harness.metrics.streams[.malformed].value == 1)
  }

  @Test(arguments: [true, false])
  func `a response whose body is not shown is not looked at, rather than aborted`(
    isCancelled: Bool
  ) throws {
    let harness = StreamHarness()
    let modes = ProcessingRequest.BodyModes(
      request: ProcessingRequest.BodyModes.fullDuplexStreamed,
      response: ProcessingRequest.BodyModes.none)
    harness.receive(GatewayMessage.headers(.request, StreamHarness.post, modes: modes))
    harness.receive(GatewayMessage.body(.request, "{}", endsStream: true))
    harness.decide(harness.route())
    harness.receive(headers())
    if isCancelled {
      harness.stream.cancelled(now: 3)
    } else {
      harness.stream.gatewayFinished(now: 3, harness.output)
    }
    #expect(harness.exchange.events == [.began(200), .ended(.unobserved)])
    #expect(harness.metrics.streams[.unobserved].value == 1)
  }

  @Test func `without a response it is aborted all the same`() throws {
    let harness = StreamHarness()
    let modes = ProcessingRequest.BodyModes(
      request: ProcessingRequest.BodyModes.fullDuplexStreamed,
      response: ProcessingRequest.BodyModes.none)
    harness.receive(
      GatewayMessage.headers(.request, StreamHarness.post, endsStream: true, modes: modes))
    harness.decide(harness.route())
    harness.stream.cancelled(now: 3)
    #expect(harness.exchange.events == [.ended(.aborted)])
  }
}
