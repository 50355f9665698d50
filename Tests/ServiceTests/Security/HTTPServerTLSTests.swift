import Service
import Testing

@Suite struct HTTPServerTLSTests {
  private let certificates: TestCertificates

  init() throws {
    certificates = try TestCertificates()
    try certificates.make("a")
    try certificates.make("b")
  }

  private func credentials(_ name: String) throws -> TLSCredentials {
    TLSCredentials(
      certificateChain: try certificates.bytes(certificates.certificate(name)),
      privateKey: try certificates.bytes(certificates.key(name)))
  }

  private func start(
    retireTimeout: Duration = .seconds(20), threads: HTTPThreads = .shared(1),
    _ handler: @escaping HTTPServer.Handler = { $1.send(text: "body \($0.body.count)") }
  ) throws -> (server: HTTPServer, port: UInt16) {
    var limits = HTTPLimits()
    limits.retireTimeout = retireTimeout
    limits.threads = threads
    let server = try HTTPServer(
      [
        .tcp(host: "127.0.0.1", port: 0), .unix(path: certificates.directory.path + "/s"),
      ], limits: limits, credentials: try credentials("a"), log: { _ in }, handler: handler)
    guard case .tcp(_, let port) = server.addresses[0] else { return (server, 0) }
    return (server, port)
  }

  /// What curl gets when it trusts one certificate.
  private func curl(_ port: UInt16, trusting name: String, _ options: String...) throws -> String {
    try certificates.run(
      ["curl", "-sS", "--cacert", certificates.certificate(name)] + options
        + ["https://127.0.0.1:\(port)/"])
  }

  private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test(arguments: [HTTPThreads.shared(1), .shared(2), .onePerConnection])
  func `a server with credentials speaks TLS on TCP, and plainly on its Unix socket`(
    _ threads: HTTPThreads
  ) throws {
    let (server, port) = try start(threads: threads)
    #expect(try curl(port, trusting: "a") == "body 0")
    let body = String(repeating: "x", count: 100_000)
    #expect(try curl(port, trusting: "a", "--data", body) == "body 100000")
    #expect(throws: Subprocess.Failed.self) { try curl(port, trusting: "b") }
    let plain = try RawConnection(port: port)
    plain.send(Self.get)
    #expect(!plain.readToEnd().hasPrefix("HTTP/"))
    var local = try HTTPClient(.unix(path: certificates.directory.path + "/s"))
    #expect(try local.get("/").text == "body 0")
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test(arguments: [("1.1", false), ("1.2", true), ("1.3", true)])
  func `only TLS 1.2 and 1.3 are spoken`(_ version: String, _ isSpoken: Bool) throws {
    let (server, port) = try start()
    // The cipher setting is for the client: without it OpenSSL itself refuses TLS 1.1.
    let result = Result {
      try curl(port, trusting: "a", "--tls-max", version, "--ciphers", "DEFAULT@SECLEVEL=0")
    }
    #expect((try? result.get()) == (isSpoken ? "body 0" : nil))
    server.stop(waitingAtMost: .seconds(20))
  }

  @Test func `after a reload new connections get the new certificate and old ones live on`() throws
  {
    let (server, port) = try start()
    let old = try TLSConnection(port: port, certificate: certificates.certificate("a"))
    try old.send(Self.get)
    #expect(old.read(until: "body 0").hasPrefix("HTTP/1.1 200"))
    try server.reload(try credentials("b"))
    #expect(try curl(port, trusting: "b") == "body 0")
    #expect(throws: Subprocess.Failed.self) { try curl(port, trusting: "a") }
    try old.send(Self.get)
    let answer = old.readToEnd()
    #expect(answer.hasSuffix("body 0"))
    #expect(answer.contains("Connection: close"))
    try Deadline.wait { server.metrics.openConnections == 0 }
    #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
  }

  @Test func `a request that waits during a reload is answered`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(replies.handler)
    let old = try TLSConnection(port: port, certificate: certificates.certificate("a"))
    try old.send(Self.get)
    let parked = try replies.take(1)
    try server.reload(try credentials("b"))
    parked[0].reply.send(text: "late")
    #expect(old.readToEnd().hasSuffix("late"))
    server.stop(waitingAtMost: .seconds(20))
  }

  @Test func `connections that outlive their certificate for too long are cut off`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(retireTimeout: .zero, replies.handler)
    let old = try TLSConnection(port: port, certificate: certificates.certificate("a"))
    try old.send(Self.get)
    let parked = try replies.take(1)
    try server.reload(try credentials("b"))
    #expect(old.readToEnd().isEmpty)
    try Deadline.wait { server.metrics.refusals[.stopped].value == 1 }
    parked[0].reply.send(text: "too late")
    server.stop(waitingAtMost: .seconds(20))
  }

  @Test func `stopping ends daemons that retire, however many reloads there were`() throws {
    let replies = ParkedReplies()
    let (server, port) = try start(retireTimeout: .seconds(1000), replies.handler)
    let old = try TLSConnection(port: port, certificate: certificates.certificate("a"))
    try old.send(Self.get)
    let parked = try replies.take(1)
    for _ in 0..<4 { try server.reload(try credentials("b")) }
    let stopping = WorkerThread(name: "stop") {
      #expect(server.stop(waitingAtMost: .seconds(20)) == 0)
    }
    parked[0].reply.send(text: "in time")
    stopping.join()
    #expect(old.readToEnd().hasSuffix("in time"))
    #expect(server.metrics.openConnections == 0)
  }

  @Test func `credentials that are not good are refused and change nothing`() throws {
    let (server, port) = try start()
    let bad = TLSCredentials(certificateChain: Array("no".utf8), privateKey: Array("no".utf8))
    #expect(throws: SystemError.self) { try server.reload(bad) }
    #expect(try curl(port, trusting: "a") == "body 0")
    #expect(throws: SystemError.self) {
      try HTTPServer(
        [.tcp(host: "127.0.0.1", port: 0)], credentials: bad, log: { _ in },
        handler: { $1.send(text: "") })
    }
    server.stop(waitingAtMost: .seconds(20))
  }

  @Test func `files that change reload a server`() throws {
    let holder = ServerBox()
    let files = try TLSFiles(
      certificate: certificates.certificate("a"), key: certificates.key("a"),
      log: Log(minimum: .error, to: { _ in })
    ) { credentials in
      do { try holder.server?.reload(credentials) } catch { Issue.record(error) }
    }
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], credentials: files.credentials, log: { _ in },
      handler: { $1.send(text: "ok") })
    holder.server = server
    guard case .tcp(_, let port) = server.addresses[0] else { return }
    try certificates.replace("a", by: "b")
    try Deadline.wait { files.accepted.value == 2 }
    files.stop()
    #expect(try curl(port, trusting: "b") == "ok")
    server.stop(waitingAtMost: .seconds(20))
  }
}

private final class ServerBox: @unchecked Sendable {
  private let lock = Lock()
  private var held: HTTPServer?

  var server: HTTPServer? {
    get { lock.withLock { held } }
    set { lock.withLock { held = newValue } }
  }
}
