import EPPScorer
import Foundation
import Service
import Testing
import Tokenize

/// Requests through a real Envoy, as an endpoint sees them.
@Suite(
  .enabled(if: Envoy.isInstalled, "there is no Envoy: run scripts/envoy/setup.sh"), .serialized)
struct EnvoyRequestTests {
  private static let destination = "x-gateway-destination-endpoint"

  @Test(arguments: [2 << 10, 62_000, 2 << 20])
  func `a body arrives as it was sent, at the endpoint that was decided on`(_ size: Int) throws {
    let backends = try [Backend(), Backend()]
    let director = StubDirector(to: backends[1].address)
    let harness = try EnvoyHarness(director)
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 / 7) }
    let reply = try harness.post(headers: [("X-Request-Id", "42")], body: body)
    #expect(reply.status == 200)
    #expect(reply.text.contains(#""body_bytes":\#(size),"#))
    #expect(reply.header("x-went-into-resp-headers") == "true")
    #expect(backends[0].requests.isEmpty)
    let request = try #require(backends[1].requests.first)
    #expect(request.body == body)
    #expect(request.header(Self.destination) == backends[1].address)
    let seen = try #require(director.requests.first)
    #expect(seen.body == body)
    #expect(seen.headers[":path"] == "/v1/completions")
    #expect(seen.headers[":method"] == "POST")
    #expect(seen.headers["x-request-id"] != nil)
    #expect(seen.subset == nil)
    let exchange = try #require(director.exchanges.first)
    #expect(
      try exchange.end()
        == .completed(
          ResponseSummary(
            usage: TokenUsage(promptTokens: 1030, completionTokens: 2, cachedTokens: 1024),
            bodyBytes: reply.body.count)))
    #expect(exchange.events.dropLast() == [.began(200), .body])
    harness.stop()
    #expect(harness.metrics.streamsInFlight == 0)
    #expect(harness.metrics.streams[.completed].value == 1)
    #expect(harness.metrics.requestBytes.value == size)
    #expect(harness.processor.heldBytes == 0)
    #expect(!harness.envoy.log.contains("[error]"))
  }

  @Test(arguments: ["GET", "HEAD", "DELETE"])
  func `a request without a body is decided by its headers`(_ method: String) throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address, isAsynchronous: true)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send("\(method) /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    let reply = connection.readToEnd()
    #expect(reply.hasPrefix("HTTP/1.1 200 OK"))
    #expect(reply.lowercased().contains("x-went-into-resp-headers: true"))
    #expect(backend.requests.first?.path == "/v1/models")
    #expect(director.requests.first?.body == [])
    guard case .completed = try #require(director.exchanges.first).end() else {
      Issue.record("not completed")
      return
    }
    harness.stop()
  }

  @Test func `a chunked body with trailers passes`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address, isAsynchronous: true)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send(
      "POST /v1/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        + "Connection: close\r\nTrailer: x-sum\r\n\r\n5\r\nhello\r\n6\r\n world\r\n")
    connection.send("0\r\nx-sum: 11\r\n\r\n")
    #expect(connection.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
    let request = try #require(backend.requests.first)
    #expect(request.body == Array("hello world".utf8))
    #expect(request.trailers == ["x-sum: 11"])
    #expect(director.requests.first?.body == Array("hello world".utf8))
    harness.stop()
  }

  @Test func `trailers without a body pass`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send(
      "POST /v1/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        + "Connection: close\r\n\r\n0\r\nx-sum: 0\r\n\r\n")
    #expect(connection.readToEnd().hasPrefix("HTTP/1.1 200 OK"))
    #expect(backend.requests.first?.trailers == ["x-sum: 0"])
    harness.stop()
  }

  @Test func `headers are set, removed and overwritten, and others left alone`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address) { route in
      route.setHeaders = [
        SchedulingResult.Header(name: "x-prefiller-host-port", value: "10.0.0.1:8000"),
        SchedulingResult.Header(name: Self.destination, value: "192.0.2.1:1"),
      ]
      route.removeHeaders = ["x-secret", "x-absent"]
      route.responseHeaders = [SchedulingResult.Header(name: "x-picked", value: "yes")]
    }
    let harness = try EnvoyHarness(director)
    let reply = try harness.post(headers: [
      (Self.destination, "192.0.2.1:1"), ("X-Secret", "s"), ("X-Prefiller-Host-Port", "evil"),
      ("X-Kept", "kept"), ("Authorization", "Bearer t"),
    ])
    #expect(reply.status == 200)
    #expect(reply.header("x-picked") == "yes")
    let request = try #require(backend.requests.first)
    #expect(request.header(Self.destination) == backend.address)
    #expect(request.header("x-secret") == nil)
    #expect(request.header("x-prefiller-host-port") == "10.0.0.1:8000")
    #expect(request.header("x-kept") == "kept")
    #expect(request.header("authorization") == "Bearer t")
    harness.stop()
  }

  @Test(arguments: [10, 200_000], [false, true])
  func `another body takes the place of the client's`(
    _ size: Int, _ keepsLength: Bool
  ) throws {
    let backend = try Backend()
    let body = [UInt8](repeating: UInt8(ascii: "b"), count: size)
    let harness = try EnvoyHarness(
      StubDirector(to: backend.address) { $0.body = body }, keepsLength ? ["--keep-length"] : [])
    #expect(try harness.post().status == 200)
    let request = try #require(backend.requests.first)
    #expect(request.body == body)
    #expect(request.header("content-length") == (keepsLength ? "\(size)" : nil))
    harness.stop()
  }

  @Test func `a length that the gateway keeps is the client's`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address) {
      $0.modelRewrite = ModelRewrite(client: "a-longer-name", target: "target")
    }
    let harness = try EnvoyHarness(director, ["--keep-length"])
    let reply = try harness.post(body: [UInt8](repeating: 1, count: 100_000))
    #expect(backend.requests.first?.header("content-length") == "100000")
    #expect(reply.text.hasPrefix(#"{"model":"a-longer-name","body_bytes":100000,"#))
    #expect(reply.text.hasSuffix("}}}"))
    harness.stop()
  }

  @Test(arguments: Refusal.Code.allCases)
  func `a refusal is answered with its status and text`(_ code: Refusal.Code) throws {
    let director = StubDirector(isAsynchronous: code == .notFound) { _, _ in
      .refuse(Refusal(code, "no \"way\"", droppedReason: "rejected-no-endpoints"))
    }
    let harness = try EnvoyHarness(director)
    let reply = try harness.post()
    #expect(reply.status == code.httpStatus)
    #expect(reply.text == "inference error: \(code.rawValue) - no \"way\"")
    #expect(reply.header("content-type") == "text/plain")
    #expect(reply.header("x-llm-d-request-dropped-reason") == "rejected-no-endpoints")
    harness.stop()
    #expect(harness.metrics.immediateResponses[code].value == 1)
    #expect(harness.metrics.streams[.refused].value == 1)
    #expect(harness.metrics.streamsInFlight == 0)
  }

  @Test func `a body beyond the limit is refused before all of it has come`() throws {
    var limits = ExternalProcessorLimits()
    limits.bodyBytesMax = 100_000
    let harness = try EnvoyHarness(StubDirector { _, _ in nil }, limits: limits)
    let reply = try harness.post(body: [UInt8](repeating: 0, count: 3 << 20))
    #expect(reply.status == 413)
    #expect(
      reply.text
        == "inference error: BadRequest - the request's body is larger than 100000 bytes")
    #expect(harness.processor.heldBytes == 0)
    harness.stop()
    #expect(harness.metrics.anomalies[.bodyTooLarge].value == 1)
  }

  @Test func `a director that does not answer is given up`() throws {
    var limits = ExternalProcessorLimits()
    limits.decisionTimeout = .milliseconds(50)
    let backend = try Backend()
    let director = StubDirector { _, _ in nil }
    let harness = try EnvoyHarness(director, limits: limits)
    let reply = try harness.post()
    #expect(reply.status == 503)
    #expect(reply.text.hasPrefix("inference error: ServiceUnavailable - "))
    let exchange = StubExchange()
    director.release(.route(Route(destination: backend.address, exchange: exchange)))
    #expect(try exchange.end() == .aborted)
    harness.stop()
    #expect(harness.metrics.anomalies[.decisionTimeout].value == 1)
    #expect(harness.metrics.anomalies[.lateDecision].value == 1)
    #expect(harness.metrics.decisionsInFlight == 0)
    #expect(backend.requests.isEmpty)
  }

  @Test func `an endpoint that refuses connections gives 503`() throws {
    let address = try Backend().address
    let director = StubDirector(to: address)
    let harness = try EnvoyHarness(director)
    #expect(try harness.post().status == 503)
    let exchange = try #require(director.exchanges.first)
    guard case .completed = try exchange.end() else {
      Issue.record("\(exchange.events)")
      return
    }
    #expect(exchange.events.first == .began(503))
    harness.stop()
  }

  @Test func `a picker with TLS and a certificate of its own is trusted`() throws {
    let directory = try TemporaryDirectory()
    let backend = try Backend()
    let harness = try EnvoyHarness(
      StubDirector(to: backend.address),
      credentials: TestCertificate.make("localhost", in: directory))
    let reply = try harness.post(body: [UInt8](repeating: 7, count: 300_000))
    #expect(reply.status == 200)
    #expect(backend.requests.first?.body.count == 300_000)
    harness.stop()
  }
}
