/// The addresses that the service answers on, over HTTP and gRPC, and who may ask.
final class ServiceListeners: Sendable {
  /// Nil without an address for HTTP.
  let http: HTTPServer?
  /// Nil without an address for gRPC.
  let grpc: GRPCServer?
  let tokens: BearerTokens?
  let tls: TLSFiles?
  private let health: GRPCHealth

  /// Listens.
  ///
  /// - Throws: `SystemError` when an address can't be listened on or a file is not good.
  init(
    _ configuration: ServiceConfiguration, routes: Router, rpc: IndexerRPC, metrics: ServiceMetrics,
    isReady: @escaping @Sendable () -> Bool
  ) throws {
    let log = configuration.log
    let rejected = metrics.rejectedSecurityFiles
    let tokens = try configuration.tokenFile.map {
      try BearerTokens(file: $0, log: log, rejected: rejected)
    }
    let reload = CredentialReload()
    let tls = try configuration.tls.map { paths in
      try TLSFiles(
        certificate: paths.certificate, key: paths.key, log: log, rejected: rejected,
        onChange: { reload.take($0) })
    }
    let credentials = tls?.credentials
    var authorizeHTTP: HTTPServer.Authorize?
    var authorizeGRPC: (@Sendable (String?) -> Bool)?
    if let tokens {
      authorizeHTTP = { tokens.allows($0) }
      authorizeGRPC = { tokens.allows(authorizationHeader: $0) }
    }
    if configuration.listen.isEmpty {
      http = nil
    } else {
      http = try HTTPServer(
        configuration.listen, limits: configuration.http, credentials: credentials,
        authorize: authorizeHTTP, metrics: metrics.http, log: { log(.debug, "http: \($0)") },
        handler: { routes.respond(to: $0, $1) })
    }
    let health = GRPCHealth { service in
      switch service {
      case "", IndexerRPC.service, IndexerRPC.llmdService: isReady() ? .serving : .notServing
      default: .serviceUnknown
      }
    }
    var router = GRPCRouter()
    rpc.addRoutes(to: &router)
    health.register(in: &router)
    if configuration.grpcListen.isEmpty {
      grpc = nil
    } else {
      grpc = try GRPCServer(
        configuration.grpcListen, router: router, limits: configuration.grpc,
        credentials: credentials, metrics: metrics.grpc, authorize: authorizeGRPC)
    }
    self.tokens = tokens
    self.tls = tls
    self.health = health
    reload.give(to: http, grpc, unless: credentials, log)
  }

  /// Tells those who watch the health of the gRPC services when it has changed.
  func refreshHealth() { health.refresh() }

  /// Answers what has begun and closes everything.
  ///
  /// - Returns: Requests that were cut off because the limit passed.
  func stop(waitingAtMost limit: Duration) -> Int {
    tls?.stop()
    tokens?.stop()
    let cutOff = http?.stop(waitingAtMost: limit) ?? 0
    return cutOff + (grpc?.stop(waitingAtMost: limit) ?? 0)
  }
}
