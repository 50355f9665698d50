import Service
import Testing

@Suite struct HTTPTransfersTests {
  private typealias Outcome = Result<HTTPClient.Reply, HTTPClientError>

  private func echo() throws -> HTTPServer {
    try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { request, reply in
        reply.send(
          HTTPResponse(
            contentType: "text/plain",
            headers: [(name: "X-Own", value: request.header("x-own") ?? "")], body: request.body))
      })
  }

  private func transfers(
    change: (inout HTTPTransfers.Limits) -> Void = { _ in }
  ) throws -> HTTPTransfers {
    var limits = HTTPTransfers.Limits()
    change(&limits)
    let transfers = try HTTPTransfers(limits: limits)
    transfers.start(name: "transfers")
    return transfers
  }

  private func soon(_ milliseconds: UInt64 = 20_000) -> UInt64 {
    MonotonicClock.nowNanoseconds() + milliseconds * 1_000_000
  }

  @Test func `many bodies go out and each comes back, over a few connections`() throws {
    let server = try echo()
    let transfers = try transfers {
      $0.transfersMax = 8
      $0.connectionsPerServerMax = 4
    }
    defer { transfers.stop() }
    let outcomes = Arrivals<(Int, Outcome)>()
    for number in 0..<500 {
      var call = HTTPCall(
        .url("http://\(server.addresses[0])"), post: "/", json: Array("body \(number)".utf8))
      call.headers.append((name: "X-Own", value: "\(number)"))
      try transfers.send(call, deadline: soon()) { outcomes.add((number, $0)) }
    }
    var seen: Set<Int> = []
    for _ in 0..<500 {
      let (number, outcome) = try #require(outcomes.next())
      let reply = try outcome.get()
      #expect(reply.text == "body \(number)")
      #expect(reply.header("x-own") == "\(number)")
      seen.insert(number)
    }
    #expect(seen.count == 500)
  }

  @Test func `a call ends at its deadline, whether it was begun or waits`() throws {
    let silent = try SilentServer()
    let transfers = try transfers { $0.transfersMax = 1 }
    defer { transfers.stop() }
    let outcomes = Arrivals<Outcome>()
    let call = HTTPCall(.url("http://127.0.0.1:\(silent.port)"), path: "/")
    for _ in 0..<3 { try transfers.send(call, deadline: soon(50)) { outcomes.add($0) } }
    for _ in 0..<3 {
      let outcome = try #require(outcomes.next())
      let error = #expect(throws: HTTPClientError.self) { try outcome.get() }
      #expect(error?.kind == .timedOut)
    }
  }

  @Test func `more calls than may wait are refused, and stopping ends the others`() throws {
    let silent = try SilentServer()
    let transfers = try transfers {
      $0.transfersMax = 1
      $0.waitingMax = 2
    }
    let outcomes = Arrivals<Outcome>()
    let call = HTTPCall(.url("http://127.0.0.1:\(silent.port)"), path: "/")
    var accepted = 0
    let refusal = #expect(throws: HTTPClientError.self) {
      for _ in 0..<10 {
        try transfers.send(call, deadline: soon()) { outcomes.add($0) }
        accepted += 1
      }
    }
    #expect(refusal?.kind == .overloaded)
    transfers.stop()
    for _ in 0..<accepted {
      let outcome = try #require(outcomes.next())
      let error = #expect(throws: HTTPClientError.self) { try outcome.get() }
      #expect(error?.kind == .stopped)
    }
    let late = #expect(throws: HTTPClientError.self) {
      try transfers.send(call, deadline: soon()) { outcomes.add($0) }
    }
    #expect(late?.kind == .stopped)
  }

  @Test func `a call from a completion is made, and the tick keeps its time`() throws {
    let server = try echo()
    let ticks = Arrivals<Void>()
    let outcomes = Arrivals<Outcome>()
    let transfers = try HTTPTransfers()
    transfers.start(name: "transfers") { now in
      ticks.add(())
      return now + 1_000_000
    }
    defer { transfers.stop() }
    for _ in 0..<5 { #expect(ticks.next() != nil) }
    let call = HTTPCall(.url("http://\(server.addresses[0])"), path: "/")
    let deadline = soon()
    try transfers.send(call, deadline: deadline) { first in
      outcomes.add(first)
      do throws(HTTPClientError) {
        try transfers.send(call, deadline: deadline) { outcomes.add($0) }
      } catch {
        outcomes.add(.failure(error))
      }
    }
    for _ in 0..<2 { #expect(try #require(outcomes.next()).get().status == 200) }
  }

  @Test func `errors are told apart as the blocking client does`() throws {
    let transfers = try transfers { $0.bodyBytesMax = 10 }
    defer { transfers.stop() }
    let server = try echo()
    let outcomes = Arrivals<Outcome>()
    func kind(_ call: HTTPCall) throws -> HTTPClientError.Kind? {
      try transfers.send(call, deadline: soon()) { outcomes.add($0) }
      let outcome = try #require(outcomes.next())
      return #expect(throws: HTTPClientError.self) { try outcome.get() }?.kind
    }
    let url = "http://\(server.addresses[0])"
    #expect(try kind(HTTPCall(.url("ftp://x"), path: "/")) == .badURL)
    #expect(try kind(HTTPCall(.unix(path: "/nonexistent"), path: "/")) == .connect)
    let large = HTTPCall(.url(url), post: "/", json: Array(repeating: 0, count: 11))
    #expect(try kind(large) == .tooLarge)
    var evil = HTTPCall(.url(url), path: "/")
    evil.headers = [(name: "X", value: "a\r\nb: c")]
    #expect(try kind(evil) == .badHeader)
  }
}
