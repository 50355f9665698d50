import Service
import Testing

@Suite struct HTTPClientTests {
  private func server(_ body: [UInt8]) throws -> HTTPServer {
    try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { $1.send(HTTPResponse(contentType: "text/plain", body: body)) })
  }

  @Test func `nobody listening, a bad URL and a missing socket are told apart`() throws {
    let server = try server([])
    let url = "http://\(server.addresses[0])"
    server.stop(waitingAtMost: .seconds(5))
    for (target, kind) in [
      (HTTPClient.Server.url(url), HTTPClientError.Kind.connect),
      (.url("ftp://127.0.0.1"), .badURL), (.url("http://["), .badURL),
      (.unix(path: "/nonexistent/socket"), .connect),
    ] {
      var client = try HTTPClient(target)
      let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
      #expect(error?.kind == kind)
      #expect(error?.message.isEmpty == false)
    }
  }

  @Test func `an answer over the limit is an error, and the client stays usable`() throws {
    let server = try server(Array(repeating: 0x61, count: 1001))
    var limits = HTTPClient.Limits()
    limits.bodyBytesMax = 1000
    var client = try HTTPClient(.url("http://\(server.addresses[0])"), limits: limits)
    for _ in 0..<2 {
      let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
      #expect(error?.kind == .tooLarge)
    }
  }

  @Test func `a server that stays silent runs into the timeout`() throws {
    // The listening socket's queue accepts connections that nobody ever answers.
    let silent = try SilentServer()
    var limits = HTTPClient.Limits()
    limits.totalTimeout = .milliseconds(50)
    var client = try HTTPClient(.url("http://127.0.0.1:\(silent.port)"), limits: limits)
    let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
    #expect(error?.kind == .timedOut)
  }

  @Test(arguments: [
    ("127.0.0.1:80", ListenAddress.tcp(host: "127.0.0.1", port: 80)),
    (":0", .tcp(host: "", port: 0)), ("[::1]:8080", .tcp(host: "::1", port: 8080)),
    ("Localhost:1", .tcp(host: "localhost", port: 1)),
    ("unix:/run/x.sock", .unix(path: "/run/x.sock")),
    ("::1:80", nil), ("80", nil), ("a:b", nil), ("a:65536", nil), ("a:+1", nil), ("unix:", nil),
    ("256.1.1.1:80", nil), ("", nil),
  ]) func `listen addresses are read as they are printed`(
    _ text: String, _ expected: ListenAddress?
  ) {
    #expect(ListenAddress(text) == expected)
    if let expected { #expect(ListenAddress("\(expected)") == expected) }
  }
}
