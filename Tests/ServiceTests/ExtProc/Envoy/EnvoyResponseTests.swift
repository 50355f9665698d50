import EPPScorer
import Foundation
import Service
import Testing
import Tokenize

/// Responses through a real Envoy, and what becomes of exchanges.
@Suite(
  .enabled(if: Envoy.isInstalled, "there is no Envoy: run scripts/envoy/setup.sh"), .serialized)
struct EnvoyResponseTests {
  /// Sends an event each time that it is let.
  private final class Gate: @unchecked Sendable {
    private let lock = ConditionLock()
    private var permits = 0

    func open() {
      lock.withLock {
        permits += 1
        lock.broadcast()
      }
    }

    func pass() {
      lock.withLock {
        while permits == 0 { lock.wait() }
        permits -= 1
      }
    }
  }

  private static let events = [
    #"data: {"model":"target","choices":[{"delta":{"content":"a"}}],"usage":null}\#n\#n"#,
    #"data: {"model":"target","choices":[{"delta":{"content":"b"}}],"usage":null}\#n\#n"#,
    #"data: {"choices":[],"usage":{"prompt_tokens":32,"completion_tokens":2,"#
      + #""prompt_tokens_details":{"cached_tokens":16}}}\#n\#n"#,
    "data: [DONE]\n\n",
  ]

  private static func stream(_ gate: Gate) throws -> Backend {
    try Backend { _, connection in
      connection.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
      for event in events {
        gate.pass()
        guard connection.sendChunk(event) else { return false }
      }
      return connection.send("0\r\n\r\n")
    }
  }

  private static let post =
    "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

  /// Reads until what was read ends with `end`.
  private func read(_ connection: borrowing RawConnection, until end: String) -> String {
    var text = ""
    while !text.contains(end) {
      let piece = connection.readSome()
      guard !piece.isEmpty else { break }
      text += piece
    }
    return text
  }

  @Test func `events of a stream arrive one by one`() throws {
    let gate = Gate()
    let backend = try Self.stream(gate)
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send(Self.post)
    for event in Self.events {
      // The next is not sent before this one was read.
      gate.open()
      #expect(read(connection, until: event).contains(event))
    }
    _ = connection.readToEnd()
    let exchange = try #require(director.exchanges.first)
    #expect(
      try exchange.end()
        == .completed(
          ResponseSummary(
            usage: TokenUsage(promptTokens: 32, completionTokens: 2, cachedTokens: 16),
            bodyBytes: Self.events.reduce(0) { $0 + $1.utf8.count })))
    harness.stop()
  }

  @Test func `a client's name for a model comes back`() throws {
    let gate = Gate()
    for _ in Self.events { gate.open() }
    let backends = try [Backend(), Self.stream(gate)]
    for backend in backends {
      let director = StubDirector(to: backend.address) {
        $0.modelRewrite = ModelRewrite(client: "a-much-longer-name", target: "target")
      }
      let harness = try EnvoyHarness(director)
      let reply = try harness.post()
      #expect(reply.text.contains(#"{"model":"a-much-longer-name","#))
      #expect(!reply.text.contains("target"))
      #expect(reply.text.contains("usage"))
      harness.stop()
    }
  }

  @Test func `trailers of a response pass`() throws {
    let backend = try Backend { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n")
      connection.sendChunk(#"{"usage":{"prompt_tokens":3}}"#)
      return connection.send("0\r\nx-sum: 29\r\n\r\n")
    }
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send(Self.post)
    #expect(connection.readToEnd().hasSuffix("0\r\nx-sum: 29\r\n\r\n"))
    let end = try #require(director.exchanges.first).end()
    #expect(
      end == .completed(ResponseSummary(usage: TokenUsage(promptTokens: 3), bodyBytes: 29)))
    harness.stop()
  }

  @Test func `a client that leaves during the response aborts the exchange`() throws {
    let gate = Gate()
    gate.open()
    let backend = try Self.stream(gate)
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    do {
      let connection = try harness.connect()
      connection.send(Self.post)
      _ = read(connection, until: Self.events[0])
      connection.abort()
    }
    let exchange = try #require(director.exchanges.first)
    #expect(try exchange.end() == .aborted)
    #expect(exchange.events.dropLast() == [.began(200), .body])
    for _ in Self.events { gate.open() }
    harness.stop()
    #expect(harness.metrics.streams[.aborted].value == 1)
    #expect(harness.metrics.streamsInFlight == 0)
  }

  @Test func `a client that leaves before its request is complete leaves nothing behind`() throws {
    let director = StubDirector { _, _ in nil }
    let harness = try EnvoyHarness(director)
    do {
      let connection = try harness.connect()
      connection.send(
        "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
          + String(repeating: "x", count: 50_000))
      try Deadline.wait { harness.processor.heldBytes == 50_000 }
      connection.abort()
    }
    try Deadline.wait { harness.metrics.streamsInFlight == 0 }
    #expect(harness.processor.heldBytes == 0)
    #expect(director.requests.isEmpty)
    #expect(harness.metrics.streams[.abandoned].value == 1)
    harness.stop()
  }

  @Test func `a client that leaves during the decision aborts the exchange`() throws {
    let director = StubDirector { _, _ in nil }
    let harness = try EnvoyHarness(director)
    do {
      let connection = try harness.connect()
      connection.send(Self.post)
      try Deadline.wait { director.waitingCount == 1 }
      connection.abort()
    }
    try Deadline.wait { harness.metrics.streamsInFlight == 0 }
    let exchange = StubExchange()
    director.release(.route(Route(destination: "127.0.0.1:1", exchange: exchange)))
    #expect(try exchange.end() == .aborted)
    harness.stop()
    #expect(harness.metrics.decisionsInFlight == 0)
  }

  @Test(arguments: [true, false])
  func `a gateway that is let go shows no response`(_ hasBody: Bool) throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address) { $0.readsResponse = false }
    let harness = try EnvoyHarness(director)
    var client = try harness.client()
    let body = [UInt8](repeating: 1, count: 200_000)
    let reply = hasBody ? try harness.post(body: body) : try client.get("/v1/models")
    #expect(reply.status == 200)
    #expect(reply.header("x-went-into-resp-headers") == nil)
    #expect(backend.requests.first?.body == (hasBody ? body : []))
    let exchange = try #require(director.exchanges.first)
    #expect(exchange.events == [.ended(.unobserved)])
    harness.stop()
    #expect(harness.metrics.streams[.unobserved].value == 1)
  }

  @Test func `a gateway that does not show responses works`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address) { $0.readsResponse = false }
    let harness = try EnvoyHarness(director, ["--no-response"])
    #expect(try harness.post().status == 200)
    #expect(director.exchanges.first?.events == [.ended(.unobserved)])
    harness.stop()
  }

  @Test func `an endpoint that breaks off aborts the exchange`() throws {
    let backend = try Backend { _, connection in
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
      return false
    }
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    let connection = try harness.connect()
    connection.send(Self.post)
    _ = connection.readToEnd()
    #expect(try #require(director.exchanges.first).end() == .aborted)
    harness.stop()
  }

  @Test func `clients of HTTP 2 are served, trailers included`() throws {
    let backend = try Backend()
    let director = StubDirector(to: backend.address)
    let harness = try EnvoyHarness(director)
    let directory = try TemporaryDirectory()
    let body = String(repeating: "x", count: 500_000)
    try directory.write(body, to: "body")
    let reply = try harness.curlHTTP2([
      "--data-binary", "@\(directory.path)/body", "\(harness.url)/v1/completions",
    ])
    #expect(reply.contains(#""body_bytes":500000,"#))
    #expect(try harness.curlHTTP2(["\(harness.url)/v1/models"]).contains(#""body_bytes":0,"#))
    harness.stop()
  }
}
