import Foundation
import Service
import Testing

/// grpcio as the client, one process a case.
@Suite struct GRPCPeerTests {
  private static let cases = [
    "unary", "posted", "concurrent", "large", "server_stream", "bidi", "deadline", "cancel",
    "status", "compressed", "metadata", "client", "health", "abandoned", "slow_reader",
  ]

  private func start(
    _ address: ListenAddress = .tcp(host: "127.0.0.1", port: 0), threads: Int = 2,
    credentials: TLSCredentials? = nil, authorize: (@Sendable (String?) -> Bool)? = nil
  ) throws -> GRPCServer {
    let service = TestService()
    var limits = GRPCLimits()
    limits.threads = threads
    return try GRPCServer(
      [address], router: service.makeRouter(service.makeHealth()), limits: limits,
      credentials: credentials, authorize: authorize)
  }

  @Test(arguments: cases)
  func `grpcio is served over TCP`(_ name: String) throws {
    let server = try start()
    try Python.run("client_cases.py", [name, "\(server.addresses[0])"])
    #expect(server.stop(waitingAtMost: .seconds(10)) == 0)
    #expect(server.metrics.callsInFlight == 0)
    #expect(server.metrics.connections == 0)
  }

  @Test(arguments: ["unary", "bidi", "client", "large"])
  func `grpcio is served over a Unix socket`(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let server = try start(.unix(path: directory.path + "/grpc"), threads: 1)
    try Python.run("client_cases.py", [name, "\(server.addresses[0])"])
    server.stop(waitingAtMost: .seconds(10))
  }

  @Test(arguments: ["unary", "bidi", "large", "concurrent", "slow_reader"])
  func `grpcio is served over TLS`(_ name: String) throws {
    let directory = try TemporaryDirectory()
    let credentials = try TestCertificate.make("localhost", in: directory)
    let server = try start(credentials: credentials)
    try Python.run(
      "client_cases.py", [name, try localhost(server), TestCertificate.path(directory)])
    server.stop(waitingAtMost: .seconds(10))
  }

  @Test func `new connections get the credentials that were loaded last`() throws {
    let directory = try TemporaryDirectory()
    let first = try TestCertificate.make("localhost", in: directory)
    let server = try start(credentials: first)
    let second = try TestCertificate.make("localhost", in: directory)
    let arguments = ["unary", try localhost(server), TestCertificate.path(directory)]
    #expect(throws: Subprocess.Failed.self) { try Python.run("client_cases.py", arguments) }
    try server.reload(second)
    try Python.run("client_cases.py", arguments)
    let mixed = TLSCredentials(
      certificateChain: first.certificateChain, privateKey: second.privateKey)
    #expect(throws: SystemError("use the TLS credentials", reason: "key values mismatch")) {
      try server.reload(mixed)
    }
    try Python.run("client_cases.py", arguments)
    server.stop(waitingAtMost: .seconds(10))
  }

  @Test func `calls without the right authorization are refused, health checks are not`() throws {
    let server = try start(authorize: { $0 == "Bearer right" })
    try Python.run("client_cases.py", ["authorization", "\(server.addresses[0])"])
    #expect(server.metrics.refusals[.unauthenticated].value == 3)
    server.stop(waitingAtMost: .seconds(10))
  }

  private func localhost(_ server: GRPCServer) throws -> String {
    guard case .tcp(_, let port) = server.addresses[0] else {
      throw Subprocess.Failed(description: "")
    }
    return "localhost:\(port)"
  }
}
