import Foundation
import Service
import Testing

/// A gate that a handler waits at until the test opens it.
private final class Gate: Sendable {
  let reached = DispatchSemaphore(value: 0)
  let opened = DispatchSemaphore(value: 0)
}

@Suite struct HTTPServerStopTests {
  private func start(_ gate: Gate) throws -> HTTPServer {
    try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { _, reply in
        gate.reached.signal()
        gate.opened.wait()
        reply.send(HTTPResponse(contentType: "text/plain", body: Array("late".utf8)))
      })
  }

  @Test func `stopping waits for the answer of a request in flight`() throws {
    let gate = Gate()
    let server = try start(gate)
    let address = server.addresses[0]
    let finished = DispatchSemaphore(value: 0)
    let result = ReplyBox()
    Thread.detachNewThread {
      do {
        var client = try HTTPClient(.url("http://\(address)"))
        result.reply = try client.get("/")
      } catch {
        Issue.record(error)
      }
      finished.signal()
    }
    gate.reached.wait()
    Thread.detachNewThread { gate.opened.signal() }
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
    finished.wait()
    #expect(result.reply?.text == "late")
    var client = try HTTPClient(.url("http://\(address)"))
    let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
    #expect(error?.kind == .connect)
  }

  @Test func `stopping counts what it cut off, and stopping again does nothing`() throws {
    let server = try start(Gate())
    guard case .tcp(_, let port) = server.addresses[0] else { return }
    let raw = try RawConnection(port: port)
    raw.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    // Once the server asks for the body, the request is in flight, and stays so without it.
    let interim = raw.readSome()
    #expect(interim.hasPrefix("HTTP/1.1 100"))
    #expect(server.stop(waitingAtMost: .milliseconds(1)) == 1)
    #expect(server.stop(waitingAtMost: .zero) == 0)
  }
}

private final class ReplyBox: @unchecked Sendable {
  var reply: HTTPClient.Reply?
}
