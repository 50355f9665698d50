import KVIndexer

/// What `kvindexer serve` runs with; each default is written here and nowhere else.
package struct ServiceConfiguration: Sendable {
  /// Endpoints that were named on the command line; they stay for the life of the process.
  package var endpoints: [EndpointConfiguration] = []
  /// A file of further endpoints.
  package var endpointsFile: String?
  /// Where the KV events of endpoints are that do not say so.
  package var events = KVEventsDefaults()
  /// Whether changes of that file are noticed.
  package var followsEndpointsFile = true
  /// The model of endpoints that do not name theirs; empty for none.
  package var model = ""
  /// Empty for no HTTP.
  package var listen: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 9300)]
  /// Empty for no gRPC.
  package var grpcListen: [ListenAddress] = [.tcp(host: "127.0.0.1", port: 9301)]
  /// Nil to serve without TLS.
  package var tls: TLSPaths?
  /// A file of bearer tokens; nil to ask for none.
  package var tokenFile: String?
  /// Whether addresses that others can reach may be served without tokens.
  package var allowsInsecureListen = false
  /// How text becomes token ids; nil to take nothing but token ids.
  package var rendering: RendererSettings? = RendererSettings(target: .endpoints)
  /// Where engines' metrics are, for whoever shares no process with a picker; nil to read none.
  package var engineMetrics: FleetEngines.Settings?
  package var admission = RequestAdmission.Limits()
  /// How long an answer may take where its request does not say.
  package var scoreDeadline = Duration.milliseconds(500)
  /// Bytes that the index may take.
  package var memoryBudget = 2 << 30
  /// What requests are routed by, as the comparison says it.
  package var routing = ShadowComparison.Routing.precise
  /// How many decisions are remembered.
  package var decisions = DecisionLog.Limits()
  /// What follows when engines reuse other numbers of tokens than was predicted.
  package var audit = AuditSettings()
  /// Keys block hashes, so that processes with the same text agree on them; nil for a random key.
  package var hashKey: String?
  /// What the index begins with, and what it leaves to the next process.
  package var warm = WarmSettings()
  package var http: HTTPLimits = {
    var limits = HTTPLimits()
    limits.threads = .shared(2)
    return limits
  }()
  package var grpc = GRPCLimits()
  package var subscriptions = SubscriptionSettings()
  package var readiness = ReadinessSettings()
  package var queue = IngestQueue.Limits()
  /// When engines are taken for dead or silent.
  package var trust = SourceSentinel.Settings()
  /// How long a stop waits for answers under way.
  package var stopLimit = Duration.seconds(5)
  /// Where traces go; nil for nowhere.
  package var tracing: TracingSettings?
  package var log = Log()

  package init() {}
}

/// The files of a server's certificate chain and private key, in PEM.
package struct TLSPaths: Sendable, Equatable {
  package var certificate: String
  package var key: String

  package init(certificate: String, key: String) {
    self.certificate = certificate
    self.key = key
  }
}
