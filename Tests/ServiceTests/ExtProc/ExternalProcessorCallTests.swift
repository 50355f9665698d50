import Testing

@testable import Service

/// The external processor over real gRPC, with a gateway of bare frames.
@Suite struct ExternalProcessorCallTests {
  private static let path = "/envoy.service.ext_proc.v3.ExternalProcessor/Process"

  private func start(
    _ director: StubDirector, _ limits: ExternalProcessorLimits = ExternalProcessorLimits()
  ) throws -> (ExternalProcessor, GRPCServer, RawHTTP2) {
    let processor = ExternalProcessor(director: director, limits: limits)
    var router = GRPCRouter()
    processor.register(in: &router)
    let server = try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: router, limits: limits.widen(GRPCLimits()))
    return (processor, server, try RawHTTP2(server.addresses[0]))
  }

  private func send(_ raw: RawHTTP2, _ messages: [[UInt8]], stream: UInt32 = 1) {
    if stream != 0 { raw.writeHeaders(stream: stream, path: Self.path) }
    for message in messages { raw.writeMessage(stream: max(stream, 1), message, ends: false) }
    raw.flush()
  }

  private static let request = [
    GatewayMessage.headers(.request, StreamHarness.post),
    GatewayMessage.body(.request, "{}", endsStream: true),
  ]

  /// The next message of a stream.
  private func answer(_ raw: RawHTTP2) throws -> GatewayAnswer {
    let frame = try #require(raw.read { $0.isKind(.data) })
    let length = Int(frame.number(at: 1))
    return try GatewayAnswer(parsing: Array(frame.payload[5..<5 + length]))
  }

  @Test(arguments: [false, true])
  func `decisions are answered, whichever thread they come from`(
    _ isAsynchronous: Bool
  ) throws {
    let director = StubDirector(to: "10.0.0.1:8000", isAsynchronous: isAsynchronous) {
      $0.readsResponse = false
    }
    let (processor, server, raw) = try start(director)
    send(raw, Self.request)
    guard case .headers(.request, let headers) = try answer(raw) else {
      Issue.record("no headers")
      return
    }
    #expect(headers.set.last == "x-gateway-destination-endpoint: 10.0.0.1:8000")
    #expect(raw.read { $0.isKind(.headers) && $0.flags & RawHTTP2.endStream != 0 } != nil)
    #expect(director.exchanges.first?.events == [.ended(.unobserved)])
    #expect(processor.metrics.streamsByCode[.ok].value == 1)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `the time that a response takes is counted when it is over`() throws {
    let director = StubDirector(to: "10.0.0.1:8000")
    let (processor, server, raw) = try start(director)
    send(raw, Self.request)
    _ = try answer(raw)
    send(
      raw,
      [
        GatewayMessage.headers(.response, [(":status", "200")]),
        GatewayMessage.body(.response, "{}", endsStream: false),
      ], stream: 0)
    try Deadline.wait { processor.metrics.responseBytes.value == 2 }
    #expect(processor.metrics.responseSeconds.snapshot().cumulativeCounts.last == 0)
    send(raw, [GatewayMessage.body(.response, "", endsStream: true)], stream: 0)
    try Deadline.wait { processor.metrics.responseSeconds.snapshot().sum > 0 }
    #expect(processor.metrics.responseSeconds.snapshot().cumulativeCounts.last == 1)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `a decision that does not come in time is made here`() throws {
    var limits = ExternalProcessorLimits()
    limits.decisionTimeout = .milliseconds(20)
    let director = StubDirector { _, _ in nil }
    let (processor, server, raw) = try start(director, limits)
    send(raw, Self.request)
    guard case .immediate(503, _, let body) = try answer(raw) else {
      Issue.record("no immediate response")
      return
    }
    #expect(body.hasPrefix("inference error: ServiceUnavailable - "))
    #expect(processor.metrics.anomalies[.decisionTimeout].value == 1)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `a decision after the end of its stream or of the server is aborted`() throws {
    let director = StubDirector { _, _ in nil }
    let (processor, server, raw) = try start(director)
    send(raw, Self.request)
    send(raw, Self.request, stream: 3)
    try Deadline.wait { director.waitingCount == 2 }
    raw.writeReset(stream: 1)
    raw.flush()
    try Deadline.wait { processor.metrics.streamsInFlight == 1 }
    server.stop(waitingAtMost: .zero)
    #expect(processor.metrics.streamsInFlight == 0)
    #expect(processor.heldBytes == 0)
    let exchange = StubExchange()
    director.release(.route(Route(destination: "10.0.0.1:8000", exchange: exchange)))
    #expect(exchange.events == [.ended(.aborted), .ended(.aborted)])
    #expect(processor.metrics.anomalies[.lateDecision].value == 2)
    #expect(processor.metrics.decisionsInFlight == 0)
  }

  @Test func `a gateway that does not read is given up, and its exchange aborted`() throws {
    let director = StubDirector(to: "10.0.0.1:8000")
    let processor = ExternalProcessor(director: director)
    var router = GRPCRouter()
    processor.register(in: &router)
    var limits = GRPCLimits()
    limits.unreadBytesMax = 10_000
    let server = try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: router, limits: limits)
    let raw = try RawHTTP2(server.addresses[0])
    let body = String(repeating: "x", count: 12_000)
    send(raw, [Self.request[0], GatewayMessage.body(.request, body, endsStream: true)])
    try Deadline.wait { processor.metrics.streams[.aborted].value == 1 }
    server.stop(waitingAtMost: .zero)
    #expect(director.exchanges.first?.events == [.ended(.aborted)])
    #expect(server.metrics.refusals[.slowReader].value == 1)
    #expect(processor.heldBytes == 0)
  }
}
