import Foundation
import Service

/// A picker with a director of the test's, and Envoy before it.
final class EnvoyHarness {
  let processor: ExternalProcessor
  let director: StubDirector
  private(set) var server: GRPCServer
  let envoy: Envoy
  private let router: GRPCRouter
  private let grpcLimits: GRPCLimits
  private let credentials: TLSCredentials?

  init(
    _ director: StubDirector, limits: ExternalProcessorLimits = ExternalProcessorLimits(),
    credentials: TLSCredentials? = nil, _ arguments: [String] = []
  ) throws {
    self.director = director
    self.credentials = credentials
    processor = ExternalProcessor(director: director, limits: limits)
    var router = GRPCRouter()
    processor.register(in: &router)
    GRPCHealth { _ in .serving }.register(in: &router)
    self.router = router
    var grpcLimits = limits.widen(GRPCLimits())
    grpcLimits.threads = 2
    self.grpcLimits = grpcLimits
    server = try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: router, limits: grpcLimits,
      credentials: credentials)
    envoy = try Envoy(
      extProc: Self.port(server), arguments + (credentials == nil ? [] : ["--tls"]))
  }

  var metrics: ExtProcMetrics { processor.metrics }

  private static func port(_ server: GRPCServer) -> UInt16 {
    guard case .tcp(_, let port) = server.addresses[0] else { preconditionFailure("no TCP") }
    return port
  }

  /// Ends the picker and starts it again at the same address.
  func restart() throws {
    let address = server.addresses[0]
    server.stop(waitingAtMost: .zero)
    server = try GRPCServer(
      [address], router: router, limits: grpcLimits, credentials: credentials)
  }

  func stop() {
    envoy.stop()
    server.stop(waitingAtMost: .seconds(5))
  }

  // MARK: Clients

  func client() throws -> HTTPClient {
    var limits = HTTPClient.Limits()
    limits.totalTimeout = .seconds(60)
    return try HTTPClient(.url("http://127.0.0.1:\(envoy.port)"), limits: limits)
  }

  func post(
    _ path: String = "/v1/completions", headers: [(name: String, value: String)] = [],
    body: [UInt8] = Array(#"{"prompt":"hello"}"#.utf8)
  ) throws -> HTTPClient.Reply {
    var client = try client()
    return try client.send(
      "POST", path, headers: headers, body: body, contentType: "application/json")
  }

  func connect() throws -> RawConnection { try RawConnection(port: envoy.port) }

  /// Runs curl, which speaks HTTP/2 from the first byte.
  func curlHTTP2(_ arguments: [String]) throws -> String {
    try Subprocess.run(
      "/usr/bin/curl",
      ["--silent", "--show-error", "--max-time", "60", "--http2-prior-knowledge"] + arguments)
  }

  var url: String { "http://127.0.0.1:\(envoy.port)" }
}
