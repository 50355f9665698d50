import Service
import Testing

@Suite struct HTTPLimitTests {
  private func start(
    _ limits: HTTPLimits, authorize: HTTPServer.Authorize? = nil,
    _ handler: @escaping HTTPServer.Handler = { $1.send(text: "\($0.body.count)") }
  ) throws -> (server: HTTPServer, port: UInt16) {
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], limits: limits, authorize: authorize, log: { _ in },
      handler: handler)
    guard case .tcp(_, let port) = server.addresses[0] else { return (server, 0) }
    return (server, port)
  }

  private func client(_ server: HTTPServer) throws -> HTTPClient {
    try HTTPClient(.url("http://\(server.addresses[0])"))
  }

  @Test func `a small body that is refused leaves the connection usable`() throws {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 10
    let (server, port) = try start(limits)
    let raw = try RawConnection(port: port)
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n12345678901")
    #expect(raw.readSome().hasPrefix("HTTP/1.1 413"))
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n1234567890")
    #expect(raw.readSome().hasPrefix("HTTP/1.1 200"))
    #expect(server.metrics.refusals[.bodyTooLarge].value == 1)
  }

  @Test func `headers over the limit are refused`() throws {
    var limits = HTTPLimits()
    limits.headerBytesMax = 1000
    let (server, port) = try start(limits)
    let raw = try RawConnection(port: port)
    for (count, status) in [(1000, 431), (500, 200), (1000, 431)] {
      raw.send("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: count))\r\n\r\n")
      #expect(raw.readSome().hasPrefix("HTTP/1.1 \(status)"))
    }
    #expect(server.metrics.refusals[.headersTooLarge].value == 2)
  }

  @Test func `bodies that exceed all buffers are refused until others are answered`() throws {
    var limits = HTTPLimits()
    limits.bufferedBytesMax = 1000
    let replies = ParkedReplies()
    let (server, port) = try start(limits, replies.handler)
    let holder = try RawConnection(port: port)
    holder.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
    holder.send(String(repeating: "x", count: 900))
    let parked = try replies.take(1)
    #expect(server.metrics.bufferedBytes == 900)
    #expect(server.metrics.requestsInFlight == 1)

    var client = try client(server)
    let refused = try client.post("/", body: Array(repeating: 0, count: 101))
    #expect(refused.status == 503)
    #expect(refused.header("retry-after") == "1")
    #expect(refused.text.contains(#""type":"overloaded""#))
    let chunked = try RawConnection(port: port)
    chunked.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunked.send("65\r\n\(String(repeating: "x", count: 101))\r\n0\r\n\r\n")
    #expect(chunked.readSome().hasPrefix("HTTP/1.1 503"))
    #expect(server.metrics.refusals[.buffersFull].value == 2)

    parked[0].reply.send(text: "done")
    #expect(holder.readSome().hasSuffix("done"))
    try Deadline.wait { server.metrics.bufferedBytes == 0 }
    let last = try RawConnection(port: port)
    last.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
    last.send(String(repeating: "x", count: 101))
    for one in try replies.take(1) { one.reply.send(text: "\(one.body.count)") }
    #expect(last.readSome().hasSuffix("101"))
  }

  @Test func `a body that takes too long is cut off`() throws {
    var limits = HTTPLimits()
    limits.receiveTimeout = .zero
    let (server, port) = try start(limits)
    let raw = try RawConnection(port: port)
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nslow")
    #expect(raw.readToEnd().isEmpty)
    #expect(server.metrics.refusals[.receiveTimeout].value == 1)
    var client = try client(server)
    #expect(try client.get("/").status == 200)
  }

  @Test func `a refused body without an end is cut off and counted`() throws {
    var limits = HTTPLimits()
    limits.bodyBytesMax = 1000
    let (server, port) = try start(limits)
    let raw = try RawConnection(port: port)
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<100 { raw.send("3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n") }
    #expect(raw.readToEnd().isEmpty)
    #expect(server.metrics.refusals[.endlessBody].value == 1)
    #expect(server.metrics.refusals[.bodyTooLarge].value == 1)
  }

  @Test func `open connections and those that fail are counted`() throws {
    var limits = HTTPLimits()
    limits.connectionsMax = 2
    let (server, port) = try start(limits)
    do {
      let first = try RawConnection(port: port)
      let second = try RawConnection(port: port)
      try Deadline.wait { server.metrics.openConnections == 2 }
      try Deadline.wait { server.metrics.connectionLimitHits.value == 1 }
      first.send("GET / HTTP/9.1\r\n\r\n")
      second.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      _ = first.readToEnd()
      _ = second.readToEnd()
    }
    try Deadline.wait { server.metrics.openConnections == 0 }
    #expect(server.metrics.connectionFaults.value > 0)
  }

  @Test func `a request that is not authorised is refused before its body is read`() throws {
    let (server, port) = try start(
      HTTPLimits(), authorize: { $0.header("X-Key") == "k" && $0.path == "/open" })
    var client = try client(server)
    for body in [[], Array(repeating: 0 as UInt8, count: 3 << 20)] {
      let refused = try client.post("/open", body: body)
      #expect(refused.status == 401)
      #expect(refused.header("www-authenticate") == "Bearer")
      #expect(refused.text.contains(#""type":"unauthorized""#))
    }
    let raw = try RawConnection(port: port)
    raw.send("POST /open HTTP/1.1\r\nHost: a\r\nX-Key: k\r\nContent-Length: 2\r\n\r\nab")
    #expect(raw.readSome().hasSuffix("2"))
    raw.send("POST /open HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab")
    #expect(raw.readSome().hasPrefix("HTTP/1.1 401"))
    #expect(server.metrics.refusals[.unauthorized].value == 3)
  }

  @Test func `a request says who its client is`() throws {
    let directory = try TemporaryDirectory()
    let server = try HTTPServer(
      [
        .tcp(host: "127.0.0.1", port: 0), .tcp(host: "::1", port: 0),
        .unix(path: directory.path + "/s"),
      ], log: { _ in }, handler: { $1.send(text: $0.client) })
    for (address, client) in zip(server.addresses, ["127.0.0.1", "::1", "unix"]) {
      var connection =
        if case .unix(let path, _) = address {
          try HTTPClient(.unix(path: path))
        } else {
          try HTTPClient(.url("http://\(address)"))
        }
      #expect(try connection.get("/").text == client)
    }
  }
}
