import Service
import Testing

@Suite struct HTTPReplyTests {
  private func start(
    _ threads: HTTPThreads = .shared(1), log: LogLines = LogLines(),
    _ handler: @escaping HTTPServer.Handler
  ) throws -> (server: HTTPServer, port: UInt16) {
    var limits = HTTPLimits()
    limits.threads = threads
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], limits: limits, log: { log.add($0) }, handler: handler)
    guard case .tcp(_, let port) = server.addresses[0] else { return (server, 0) }
    return (server, port)
  }

  private func post(_ body: String, on connection: borrowing RawConnection) {
    connection.send(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
  }

  @Test(arguments: [HTTPThreads.shared(1), .shared(2), .onePerConnection])
  func `requests that wait are answered in any order, from another thread`(
    _ threads: HTTPThreads
  ) throws {
    let replies = ParkedReplies()
    let (server, port) = try start(threads, replies.handler)
    // A connection can hold two requests, one after the other.
    for round in 0..<2 {
      let first = try RawConnection(port: port)
      let second = try RawConnection(port: port)
      let third = try RawConnection(port: port)
      for turn in 0..<2 {
        post("a\(round)\(turn)", on: first)
        post("b\(round)\(turn)", on: second)
        post("c\(round)\(turn)", on: third)
        let parked = try replies.take(3)
        let bodies = Set(parked.map { String(decoding: $0.body, as: UTF8.self) })
        #expect(bodies == ["a\(round)\(turn)", "b\(round)\(turn)", "c\(round)\(turn)"])
        let sender = WorkerThread(name: "sender") {
          for one in parked.reversed() {
            one.reply.send(text: "got " + String(decoding: one.body, as: UTF8.self))
          }
        }
        sender.join()
        #expect(first.readSome().hasSuffix("got a\(round)\(turn)"))
        #expect(second.readSome().hasSuffix("got b\(round)\(turn)"))
        #expect(third.readSome().hasSuffix("got c\(round)\(turn)"))
      }
    }
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test(arguments: [HTTPThreads.shared(1), .onePerConnection])
  func `a body in pieces takes no more of them than its client reads`(
    _ threads: HTTPThreads
  ) throws {
    let made = Counter()
    let piece = [UInt8](repeating: 0x78, count: 100_000)
    let (server, port) = try start(threads) { request, reply in
      let pieces = request.path == "/long" ? 5_000 : 7
      var left = pieces
      reply.send(
        HTTPResponse(contentType: "text/plain", body: []),
        HTTPPieces(byteCount: pieces * piece.count) {
          guard left > 0 else { return nil }
          left -= 1
          made.add()
          return piece
        })
    }
    let idle = try RawConnection(port: port)
    idle.send("GET /long HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(idle.readSome().hasPrefix("HTTP/1.1 200"))
    // The rest of half a gigabyte waits where it is, and this one's thread does not.
    if case .shared = threads {
      let other = try RawConnection(port: port)
      other.send("GET / HTTP/1.0\r\n\r\n")
      #expect(other.readToEnd().utf8.count > 700_000)
    }
    #expect(made.value < 1_000)
    idle.abort()
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test func `answers that race with the end of their handlers all arrive`() throws {
    let replies = ParkedReplies()
    let sender = WorkerThread(name: "sender") {
      do {
        for _ in 0..<500 { for one in try replies.take(1) { one.reply.send(text: "ok") } }
      } catch {
        Issue.record(error)
      }
    }
    let (server, _) = try start(.shared(1), replies.handler)
    var client = try HTTPClient(.url("http://\(server.addresses[0])"))
    for _ in 0..<500 { #expect(try client.get("/").text == "ok") }
    sender.join()
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test func `a handler that waits holds up nobody else`() throws {
    let replies = ParkedReplies()
    let waiting = replies.handler
    let (server, port) = try start { request, reply in
      if request.method == .post { waiting(request, reply) } else { reply.send(text: "at once") }
    }
    let slow = try RawConnection(port: port)
    post("x", on: slow)
    let parked = try replies.take(1)
    var client = try HTTPClient(.url("http://\(server.addresses[0])"))
    #expect(try client.get("/").text == "at once")
    parked[0].reply.send(text: "late")
    #expect(slow.readSome().hasSuffix("late"))
  }

  @Test func `a reply that is dropped answers 500 and is logged`() throws {
    let log = LogLines()
    let (server, _) = try start(log: log) { _, _ in }
    var client = try HTTPClient(.url("http://\(server.addresses[0])"))
    let reply = try client.get("/")
    #expect(reply.status == 500)
    #expect(reply.text.contains(#""type":"internal_error""#))
    #expect(log.all == ["a request was dropped without an answer"])
  }

  @Test func `a client that leaves while its request waits does no harm`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), replies.handler)
    for _ in 0..<20 {
      let leaver = try RawConnection(port: port)
      post("x", on: leaver)
      let parked = try replies.take(1)
      leaver.abort()
      parked[0].reply.send(text: String(repeating: "x", count: 1 << 20))
    }
    let stayer = try RawConnection(port: port)
    post("y", on: stayer)
    try replies.take(1)[0].reply.send(text: "still here")
    #expect(stayer.readSome().hasSuffix("still here"))
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test(arguments: [HTTPThreads.shared(1), .shared(2), .onePerConnection])
  func `stopping cuts off what waits too long, and an answer after that is dropped`(
    _ threads: HTTPThreads
  ) throws {
    let replies = ParkedReplies()
    let (server, port) = try start(threads, replies.handler)
    let first = try RawConnection(port: port)
    let second = try RawConnection(port: port)
    post("x", on: first)
    post("y", on: second)
    let parked = try replies.take(2)
    #expect(server.stop(waitingAtMost: .milliseconds(1)) == 2)
    #expect(first.readToEnd().isEmpty)
    #expect(second.readToEnd().isEmpty)
    for one in parked { one.reply.send(text: "too late") }
  }

  @Test func `stopping waits for an answer that is still to come`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(.shared(1), replies.handler)
    let raw = try RawConnection(port: port)
    post("x", on: raw)
    let parked = try replies.take(1)
    let stopping = WorkerThread(name: "stop") {
      #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
    }
    parked[0].reply.send(text: "in time")
    stopping.join()
    #expect(raw.readToEnd().hasSuffix("in time"))
  }

  @Test func `a second answer is a bug that stops the process`() async {
    await #expect(processExitsWith: .failure) {
      let server = try HTTPServer(
        [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
        handler: { _, reply in
          reply.send(text: "one")
          reply.send(text: "two")
        })
      var client = try HTTPClient(.url("http://\(server.addresses[0])"))
      _ = try client.get("/")
    }
  }

  @Test func `a router has handlers that answer at once and others that answer later`() throws {
    let replies = ParkedReplies()
    var router = Router()
    router.on(.get, "/now") { _ in HTTPResponse(contentType: "text/plain", body: [0x31]) }
    router.onDeferred(.post, "/later", replies.handler)
    let routes = router
    let (server, port) = try start { routes.respond(to: $0, $1) }
    let raw = try RawConnection(port: port)
    raw.send("POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
    let parked = try replies.take(1)
    var client = try HTTPClient(.url("http://\(server.addresses[0])"))
    #expect(try client.get("/now").text == "1")
    #expect(try client.get("/later").status == 405)
    parked[0].reply.send(text: "2", status: 202)
    #expect(raw.readSome().hasPrefix("HTTP/1.1 202"))
  }
}
