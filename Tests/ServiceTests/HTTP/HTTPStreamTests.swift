import Service
import Testing

@Suite struct HTTPStreamTests {
  private func start(
    _ threads: HTTPThreads, streamBytesMax: Int = 1 << 20, _ handler: @escaping HTTPServer.Handler
  ) throws -> (server: HTTPServer, port: UInt16) {
    var limits = HTTPLimits()
    limits.threads = threads
    limits.streamBytesMax = streamBytesMax
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], limits: limits, log: { _ in }, handler: handler)
    guard case .tcp(_, let port) = server.addresses[0] else { return (server, 0) }
    return (server, port)
  }

  private static let head = HTTPResponse(contentType: "text/event-stream", body: [])
  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  /// Reads until `end` has arrived, or the server closes.
  private func read(_ raw: borrowing RawConnection, until end: String) -> String {
    var received = ""
    while true {
      let piece = raw.readSome()
      received += piece
      if piece.isEmpty || received.contains(end) { return received }
    }
  }

  @Test(arguments: [HTTPThreads.shared(1), .shared(2), .onePerConnection])
  func `what is written arrives as it is written, and the connection is kept`(
    _ threads: HTTPThreads
  ) throws {
    let replies = ParkedReplies()
    let (server, port) = try start(threads, replies.handler)
    let raw = try RawConnection(port: port)
    for _ in 0..<2 {
      raw.send(Self.get)
      let stream = try replies.take(1)[0].reply.startStream(Self.head)
      #expect(stream.write(Array("data: one\n\n".utf8)))
      let first = read(raw, until: "one\n\n")
      #expect(first.hasPrefix("HTTP/1.1 200"))
      #expect(first.contains("Content-Type: text/event-stream"))
      #expect(stream.write(Array("data: two\n\n".utf8)))
      #expect(read(raw, until: "two\n\n").contains("two\n\n"))
      #expect(!stream.isClosed)
      stream.finish()
      #expect(read(raw, until: "0\r\n\r\n").hasSuffix("0\r\n\r\n"))
      #expect(stream.isClosed)
      #expect(!stream.write([0x61]))
    }
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test func `a long stream arrives whole`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), replies.handler)
    let raw = try RawConnection(port: port)
    raw.send("GET / HTTP/1.0\r\n\r\n")
    let stream = try replies.take(1)[0].reply.startStream(Self.head)
    let line = Array(String(repeating: "x", count: 999).utf8) + [0x0a]
    let writer = WorkerThread(name: "writer") {
      for _ in 0..<900 { stream.write(line) }
      stream.finish()
    }
    let received = raw.readToEnd()
    writer.join()
    #expect(received.hasSuffix(String(decoding: line, as: UTF8.self)))
    #expect(received.utf8.count > 900_000)
    server.stop(waitingAtMost: .seconds(20))
  }

  @Test func `a client that does not read is cut off and counted`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), streamBytesMax: 100_000, replies.handler)
    let raw = try RawConnection(port: port)
    raw.send(Self.get)
    let stream = try replies.take(1)[0].reply.startStream(Self.head)
    #expect(stream.write(Array("here".utf8)))
    // A server that is slow to begin would be cut off before its answer has a head.
    #expect(read(raw, until: "here").hasPrefix("HTTP/1.1 200"))
    let piece = [UInt8](repeating: 0x61, count: 50_000)
    try Deadline.wait { !stream.write(piece) }
    #expect(stream.isClosed)
    #expect(server.metrics.refusals[.slowReader].value == 1)
    server.stop(waitingAtMost: .milliseconds(1))
  }

  @Test func `a client that goes is noticed with a later write`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), replies.handler)
    let raw = try RawConnection(port: port)
    raw.send(Self.get)
    let stream = try replies.take(1)[0].reply.startStream(Self.head)
    #expect(stream.write(Array("here".utf8)))
    #expect(read(raw, until: "here").contains("here"))
    raw.abort()
    try Deadline.wait { !stream.write(Array("gone?".utf8)) }
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test(arguments: [HTTPThreads.shared(1), .shared(2), .onePerConnection])
  func `stopping ends streams after what was written`(_ threads: HTTPThreads) throws {
    let replies = ParkedReplies()
    let (server, port) = try start(threads, replies.handler)
    let raw = try RawConnection(port: port)
    raw.send(Self.get)
    let stream = try replies.take(1)[0].reply.startStream(Self.head)
    #expect(stream.write(Array("last words".utf8)))
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
    let received = raw.readToEnd()
    #expect(received.contains("last words"))
    #expect(received.hasSuffix("0\r\n\r\n"))
    #expect(!stream.write([0x61]))
  }

  @Test func `a stream that begins after the server stopped is closed`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), replies.handler)
    let raw = try RawConnection(port: port)
    raw.send(Self.get)
    let parked = try replies.take(1)
    #expect(server.stop(waitingAtMost: .zero) == 1)
    let stream = parked[0].reply.startStream(Self.head)
    #expect(stream.isClosed)
    #expect(!stream.write([0x61]))
    #expect(raw.readToEnd().isEmpty)
  }
}
