import Glibc
import Service
import Testing
import Tokenize

@Suite struct HTTPServerTests {
  private static func router() -> Router {
    var router = Router()
    router.on(.get, "/health") { _ in
      HTTPResponse(contentType: "text/plain", body: Array("ok\n".utf8))
    }
    router.on(.post, "/echo") { request in
      HTTPResponse(
        contentType: request.header("CONTENT-TYPE") ?? "none",
        headers: [(name: "X-Query", value: request.query("q") ?? "none")], body: request.body)
    }
    router.on(.delete, parameter: "/things/{id}") { _, id in
      HTTPResponse(contentType: "text/plain", body: Array(id.utf8))
    }
    router.on(.get, "/fails") { _ throws(HTTPError) in
      throw .invalidRequest("this \"never\" works", param: "x")
    }
    return router
  }

  private func start(
    _ address: ListenAddress = .tcp(host: "127.0.0.1", port: 0), bodyBytesMax: Int = 1 << 20,
    idleTimeoutSeconds: Int = 20, connectionsMax: Int = 64
  ) throws -> HTTPServer {
    var limits = HTTPLimits()
    limits.bodyBytesMax = bodyBytesMax
    limits.idleTimeoutSeconds = idleTimeoutSeconds
    limits.connectionsMax = connectionsMax
    let router = Self.router()
    return try HTTPServer(
      [address], limits: limits, log: { _ in }, handler: { router.respond(to: $0, $1) })
  }

  private func client(_ server: HTTPServer) throws -> HTTPClient {
    switch server.addresses[0] {
    case .tcp: try HTTPClient(.url("http://\(server.addresses[0])"))
    case .unix(let path, _): try HTTPClient(.unix(path: path))
    }
  }

  private func port(_ server: HTTPServer) -> UInt16 {
    guard case .tcp(_, let port) = server.addresses[0] else { return 0 }
    return port
  }

  @Test func `no host means every interface, of IPv4 and of IPv6`() throws {
    let server = try start(.tcp(host: "", port: 0))
    for host in ["127.0.0.1", "[::1]"] {
      var client = try HTTPClient(.url("http://\(host):\(port(server))"))
      #expect(try client.get("/health").status == 200)
    }
  }

  @Test(arguments: [ListenAddress.tcp(host: "127.0.0.1", port: 0), .tcp(host: "::1", port: 0)])
  func `a server on port 0 says its real port and answers there`(_ address: ListenAddress) throws {
    let server = try start(address)
    var client = try client(server)
    #expect(port(server) != 0)
    for _ in 0..<3 {
      let reply = try client.get("/health")
      #expect(reply.status == 200)
      #expect(reply.text == "ok\n")
      #expect(reply.header("content-type") == "text/plain")
    }
  }

  @Test func `bodies, headers and query parameters reach the handler`() throws {
    let server = try start()
    var client = try client(server)
    for count in [0, 1, 5000, 1 << 20] {
      let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let reply = try client.post("/echo?q=a%20b&r", body: body, contentType: "application/x-own")
      #expect(reply.status == 200)
      #expect(reply.body == body)
      #expect(reply.header("content-type") == "application/x-own")
      #expect(reply.header("x-query") == "a b")
    }
  }

  @Test func `a trailing parameter is the decoded rest of the path`() throws {
    let server = try start()
    var client = try client(server)
    #expect(try client.delete("/things/a%2Fb%20c").text == "a/b c")
    #expect(try client.delete("/things/").status == 404)
  }

  @Test func `errors have one shape`() throws {
    let server = try start()
    var client = try client(server)
    let failed = try client.get("/fails")
    #expect(failed.status == 400)
    #expect(failed.header("content-type") == "application/json")
    #expect(
      failed.text
        == #"{"error":{"message":"this \"never\" works","type":"invalid_request","param":"x"}}"#)
    let missing = try client.get("/nothing")
    #expect(missing.status == 404)
    #expect(missing.text.contains(#""type":"not_found","param":null"#))
  }

  @Test(arguments: [
    ("GET", "/echo", "POST"), ("PATCH", "/health", "GET"), ("PUT", "/things/1", "DELETE"),
  ])
  func `a wrong method is told the right ones`(
    _ method: String, _ path: String, _ allowed: String
  ) throws {
    let server = try start()
    var client = try client(server)
    let reply = try client.send(method, path, body: nil, contentType: nil)
    #expect(reply.status == 405)
    #expect(reply.header("allow") == allowed)
  }

  @Test func `HEAD is answered like GET, without the body`() throws {
    let server = try start()
    var client = try client(server)
    let reply = try client.send("HEAD", "/health", body: nil, contentType: nil)
    #expect(reply.status == 200)
    #expect(reply.header("content-length") == "3")
    #expect(reply.body.isEmpty)
  }

  @Test func `a body over the limit is refused, announced or chunked`() throws {
    let server = try start(bodyBytesMax: 1000)
    var client = try client(server)
    for count in [1001, 200_000] {
      let reply = try client.post("/echo", body: Array(repeating: 0, count: count))
      #expect(reply.status == 413)
      #expect(reply.text.contains("at most 1000 bytes"))
    }
    let raw = try RawConnection(port: port(server))
    let chunk = "258\r\n" + String(repeating: "x", count: 600) + "\r\n"
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
    raw.send("Transfer-Encoding: chunked\r\n\r\n\(chunk)\(chunk)0\r\n\r\n")
    #expect(raw.readToEnd().hasPrefix("HTTP/1.1 413"))
    #expect(try client.post("/echo", body: Array(repeating: 1, count: 1000)).status == 200)
  }

  @Test func `an endless chunked body is cut off`() throws {
    let server = try start(bodyBytesMax: 1000)
    let raw = try RawConnection(port: port(server))
    raw.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in 0..<100 { raw.send("3e8\r\n" + String(repeating: "x", count: 1000) + "\r\n") }
    #expect(raw.readToEnd().isEmpty)
  }

  @Test func `connections over the limit wait until one closes`() throws {
    let server = try start(connectionsMax: 1)
    var client: HTTPClient? = try client(server)
    #expect(try client?.get("/health").status == 200)
    let raw = try RawConnection(port: port(server))
    raw.send("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    client = nil
    let received = raw.readToEnd()
    #expect(received.hasPrefix("HTTP/1.1 200"))
  }

  @Test func `an idle connection is closed after its timeout`() throws {
    let server = try start(idleTimeoutSeconds: 1)
    let raw = try RawConnection(port: port(server))
    let received = raw.readToEnd()
    #expect(received.isEmpty)
  }

  @Test func `bytes that are not HTTP do no harm`() throws {
    let server = try start(idleTimeoutSeconds: 1)
    for text in ["\0\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET /health HTTP/9.9\r\n\r\n"] {
      let raw = try RawConnection(port: port(server))
      raw.send(text)
      raw.finish()
      let answer = raw.readToEnd()
      #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5"))
    }
    var client = try client(server)
    #expect(try client.get("/health").status == 200)
  }

  @Test func `a port that is taken is an error`() throws {
    let server = try start()
    let error = #expect(throws: SystemError.self) {
      try start(.tcp(host: "127.0.0.1", port: port(server)))
    }
    #expect(
      error?.description
        == "cannot listen on 127.0.0.1:\(port(server)): Address already in use")
  }
}
