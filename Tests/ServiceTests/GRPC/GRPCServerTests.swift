import Foundation
import Service
import Simulation
import Testing

/// The server against bytes that well-behaved clients do not send.
@Suite struct GRPCServerTests {
  private let service = TestService()

  private func start(_ limits: GRPCLimits = GRPCLimits()) throws -> GRPCServer {
    try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: service.makeRouter(service.makeHealth()),
      limits: limits)
  }

  /// The status of an answer, from a client that understands headers.
  private func status(
    of method: StaticString, _ message: [UInt8] = [], at server: GRPCServer
  ) throws -> GRPCStatus {
    try GRPCClientConnection(server.addresses[0]).unary(method, message).status
  }

  @Test func `one connection makes many calls in order`() throws {
    let server = try start()
    let client = try GRPCClientConnection(server.addresses[0])
    for number in 0..<200 {
      let message = [UInt8](repeating: UInt8(number), count: number * 97)
      let answer = try client.unary("/test.Test/Echo", message)
      #expect(answer.status == .ok)
      #expect(answer.message == message)
    }
    let failed = try client.unary("/test.Test/Fail", Array("no % ü".utf8))
    #expect(failed.status == GRPCStatus(.failedPrecondition, "no % ü"))
    #expect(failed.message == nil)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.callsFinished[.ok].value == 200)
    #expect(server.metrics.callsFinished[.failedPrecondition].value == 1)
  }

  @Test(arguments: [
    (contentType: "text/plain", method: "POST"), ("application/grpc-web", "POST"),
    ("application/grpc+json", "POST"), (nil, "POST"), ("application/grpc", "GET"),
  ])
  func `what is no gRPC gets an HTTP status`(_ contentType: String?, _ method: String) throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(
      stream: 1, path: "/test.Test/Echo", method: method, contentType: contentType,
      flags: RawHTTP2.endStream)
    raw.flush()
    let answer = raw.read { $0.stream == 1 }
    #expect(answer?.isKind(.headers) == true)
    #expect(answer.map { $0.flags & RawHTTP2.endStream } == RawHTTP2.endStream)
    #expect(server.metrics.refusals[.contentType].value == 1)
    server.stop(waitingAtMost: .zero)
  }

  @Test(arguments: ["application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"])
  func `gRPC's content types are served`(_ contentType: String) throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Echo", contentType: contentType)
    raw.writeMessage(stream: 1, Array("hello".utf8))
    raw.flush()
    let answer = raw.read { $0.isKind(.data) }
    #expect(answer?.payload == [0, 0, 0, 0, 5] + Array("hello".utf8))
    server.stop(waitingAtMost: .zero)
  }

  @Test(arguments: 1...12)
  func `a message may arrive in frames of any size`(_ size: Int) throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Echo")
    let bytes = [0, 0, 0, 0, 6] + Array("pieces".utf8)
    for start in stride(from: 0, to: bytes.count, by: size) {
      raw.write(.data, stream: 1, Array(bytes[start..<min(start + size, bytes.count)]))
      _ = raw.roundTrip()
    }
    raw.write(.data, flags: RawHTTP2.endStream, stream: 1, [])
    raw.flush()
    #expect(raw.read { $0.isKind(.data) }?.payload == bytes)
    server.stop(waitingAtMost: .zero)
  }

  @Test(arguments: [
    (bytes: [], code: GRPCCode.unimplemented, cause: GRPCServerMetrics.Refusal.messageCount),
    ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .unimplemented, .messageCount),
    ([0, 0, 0], .internal, .malformedFraming), ([0, 0, 0, 0, 2, 7], .internal, .malformedFraming),
    ([2, 0, 0, 0, 0], .internal, .malformedFraming),
    ([1, 0, 0, 0, 0], .unimplemented, .compressed),
    ([0, 1, 0, 0, 1], .resourceExhausted, .messageTooLarge),
  ])
  func `a unary call takes exactly one well-formed message`(
    _ bytes: [UInt8], _ code: GRPCCode, _ cause: GRPCServerMetrics.Refusal
  ) throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Echo")
    raw.write(.data, flags: RawHTTP2.endStream, stream: 1, bytes)
    raw.flush()
    let answer = raw.read { $0.stream == 1 }
    #expect(answer?.isKind(.headers) == true)
    #expect(server.metrics.refusals[cause].value == 1)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.callsFinished[code].value == 1)
  }

  @Test func `a client may reset every call, as Envoy does`() throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    var stream: UInt32 = 1
    for _ in 0..<100 {
      for _ in 0..<200 {
        raw.writeHeaders(stream: stream, path: "/test.Test/Silent")
        raw.writeMessage(stream: stream, [1], ends: false)
        raw.writeReset(stream: stream)
        stream += 2
      }
      let frames = try #require(raw.roundTrip())
      #expect(!frames.contains { $0.isKind(.goAway) })
    }
    #expect(service.cancelled.value == 20_000)
    #expect(try status(of: "/test.Test/Echo", at: server) == .ok)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.callsInFlight == 0)
  }

  @Test func `resets beyond the limit end the connection`() throws {
    var limits = GRPCLimits()
    limits.resetsPerSecondMax = 10
    let server = try start(limits)
    let raw = try RawHTTP2(server.addresses[0])
    for number in 0..<5000 as Range<UInt32> {
      raw.writeHeaders(stream: 2 * number + 1, path: "/test.Test/Silent")
      raw.writeReset(stream: 2 * number + 1)
    }
    raw.flush()
    let goAway = raw.read { $0.isKind(.goAway) }
    #expect(goAway != nil)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `an answer before the end of the request resets what is left of it`() throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Nothing")
    raw.flush()
    let reset = raw.read { $0.isKind(.reset) }
    #expect(reset?.number(at: 0) == 0)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `a deadline is answered, and the handler told`() throws {
    let server = try start()
    let raw = try RawHTTP2(server.addresses[0])
    raw.writeHeaders(stream: 1, path: "/test.Test/Silent", more: [("grpc-timeout", "20m")])
    raw.writeHeaders(stream: 3, path: "/test.Test/Silent", more: [("grpc-timeout", "0m")])
    raw.writeHeaders(stream: 5, path: "/test.Test/Silent", more: [("grpc-timeout", "soon")])
    raw.flush()
    var open: Set<UInt32> = [1, 3, 5]
    while !open.isEmpty, let frame = raw.read() {
      if frame.isKind(.headers), frame.flags & RawHTTP2.endStream != 0 {
        open.remove(frame.stream)
      }
    }
    #expect(open.isEmpty)
    // The second never reached its handler.
    #expect(service.cancelled.value == 1)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.callsFinished[.deadlineExceeded].value == 2)
    #expect(server.metrics.refusals[.badTimeout].value == 1)
  }

  @Test func `connections beyond the limit are closed, and there is room again after one`() throws {
    var limits = GRPCLimits()
    limits.connectionsMax = 1
    let server = try start(limits)
    let first = try GRPCClientConnection(server.addresses[0])
    #expect(try first.unary("/test.Test/Echo", []).status == .ok)
    #expect(throws: SystemError.self) {
      try GRPCClientConnection(server.addresses[0]).unary("/test.Test/Echo", [])
    }
    #expect(server.metrics.refusals[.connectionLimit].value == 1)
    first.close()
    try Deadline.wait { server.metrics.connections == 0 }
    #expect(try status(of: "/test.Test/Echo", at: server) == .ok)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.connections == 0)
  }

  @Test func `a silent client is asked whether it is there, and closed if it is not`() throws {
    var limits = GRPCLimits()
    limits.keepaliveSeconds = 0
    limits.keepaliveAnswerSeconds = 3
    let server = try start(limits)
    let mute = try RawHTTP2(server.addresses[0], greets: false)
    let living = try RawHTTP2(server.addresses[0])
    let dead = try RawHTTP2(server.addresses[0])
    for raw in [living, dead] {
      let ping = raw.read { $0.isKind(.ping) }
      #expect(ping.map { $0.flags & RawHTTP2.ack } == 0)
    }
    living.write(.ping, flags: RawHTTP2.ack, stream: 0, [UInt8](repeating: 0, count: 8))
    #expect(living.roundTrip() != nil)
    for raw in [mute, dead] { #expect(raw.read { _ in false } == nil) }
    #expect(server.metrics.refusals[.handshake].value == 1)
    #expect(server.metrics.refusals[.keepalive].value >= 1)
    server.stop(waitingAtMost: .zero)
  }

  @Test func `messages that are never completed are bounded for a connection`() throws {
    var limits = GRPCLimits()
    limits.unfinishedBytesMax = 100_000
    let server = try start(limits)
    let raw = try RawHTTP2(server.addresses[0])
    // 200 calls announce a message of 60,000 bytes and send the first 1,000 of it.
    for number in 0..<200 as Range<UInt32> {
      raw.writeHeaders(stream: 2 * number + 1, path: "/test.Test/Echo")
      raw.write(
        .data, stream: 2 * number + 1,
        [0] + RawHTTP2.bigEndian(60_000) + [UInt8](repeating: 0, count: 1000))
    }
    let frames = try #require(raw.roundTrip())
    #expect(frames.contains { $0.isKind(.reset) })
    #expect(server.metrics.refusals[.unfinishedMessages].value > 50)
    #expect(try status(of: "/test.Test/Echo", at: server) == .ok)
    server.stop(waitingAtMost: .zero)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `rubbish ends its connection and nothing else`(_ seed: UInt64) throws {
    let server = try start()
    var random = SplitMix64(seed: seed)
    for greets in [false, true, true, true] {
      let raw = try RawHTTP2(server.addresses[0], greets: greets)
      for _ in 0..<50 {
        let kind = RawHTTP2.Kind(rawValue: UInt8.random(in: 0...8, using: &random)) ?? .headers
        let size = Int.random(in: 0...40, using: &random)
        raw.writeHeaders(stream: 2 * UInt32.random(in: 0...9, using: &random) + 1, path: "/x")
        raw.write(
          kind, flags: UInt8.random(in: 0...63, using: &random),
          stream: UInt32.random(in: 0...9, using: &random),
          (0..<size).map { _ in UInt8.random(in: 0...255, using: &random) })
        if Bool.random(using: &random) { raw.flush() }
      }
      raw.flush()
      raw.close()
      try Deadline.wait { server.metrics.connections == 0 }
    }
    #expect(try status(of: "/test.Test/Echo", at: server) == .ok)
    server.stop(waitingAtMost: .zero)
    #expect(server.metrics.callsInFlight == 0)
  }
}
