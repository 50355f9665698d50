/// What the command line of `epp` asks for, in the flags of llm-d's picker and a few of ours.
///
/// Each default is written here and nowhere else.
package struct PickerFlags: Sendable, Equatable {
  /// Where the `EndpointPickerConfig` is.
  package enum Configuration: Sendable, Equatable {
    case file(String)
    case text(String)
  }

  /// How the ext_proc port is served.
  package enum Serving: Sendable, Equatable {
    case plain
    /// TLS with a certificate that is made at the start.
    case selfSigned
    /// TLS with these files; `reloads` follows their changes.
    case files(TLSPaths, reloads: Bool)
  }

  package internal(set) var configuration: Configuration
  /// Names the pool in metrics.
  package internal(set) var poolName = "epp"
  package internal(set) var allowsExperimentalPlugins = false

  package internal(set) var grpcPort: UInt16 = 9002
  package internal(set) var healthPort: UInt16 = 9003
  package internal(set) var metricsPort: UInt16 = 9090
  /// Empty for every interface, IPv4 and IPv6.
  package internal(set) var bindHost = ""
  package internal(set) var serving = Serving.selfSigned
  package internal(set) var tls = TLSPolicy()
  /// Whether the ext_proc port answers health checks too.
  package internal(set) var answersHealthOnGRPCPort = false
  /// Of one message of the gateway's, in bytes.
  package internal(set) var receivedMessageBytesMax = GRPCLimits().messageBytesMax

  package internal(set) var metricsInterval = PickerFlags.metricsIntervalMin
  /// Age at which an endpoint's numbers no longer count in the pool's averages.
  package internal(set) var metricsStalenessThreshold = Duration.seconds(2)
  package internal(set) var countsGRPCStreams = false

  package internal(set) var ignoresSubsetHint = false
  package internal(set) var emitsEndpointScores = false
  /// Whether responses name the endpoint and what was predicted.
  package internal(set) var emitsPredictions = false
  /// Whether precise predictions are made beside approximate routing.
  package internal(set) var shadowsPrecisely = false
  /// How long a stop waits for requests under way.
  package internal(set) var drainTimeout = Duration.seconds(30)
  /// The longest that a request may wait for its decision.
  package internal(set) var decisionTimeout = Duration.seconds(10)

  /// Bytes that the index may take.
  package internal(set) var indexBytesMax = 2 << 30
  /// What follows when engines reuse other numbers of tokens than was predicted.
  package internal(set) var audit = AuditMode.resync
  /// How long an engine's connection is down until what it held is forgotten.
  package internal(set) var deadAfter = SourceSentinel.Settings().deadAfter
  /// What the index begins with, and what it leaves to the next process.
  package internal(set) var warm = WarmSettings()
  /// Where the indexer's own API answers; nil for nowhere.
  package internal(set) var adminAddress: ListenAddress? = .tcp(host: "127.0.0.1", port: 9300)

  /// What health checks wait for besides the picker itself; nothing where neither is set.
  package internal(set) var readyShare: Double?
  package internal(set) var readyAfter: Duration?
  /// Engines that are asked for missed events at a time.
  package internal(set) var replaysMax = SubscriptionSettings().replaysMax

  /// Where traces go; nil for nowhere.
  package internal(set) var tracing: TracingSettings?

  package internal(set) var logLevel = Log.Level.info
  /// What was asked for and has no effect here, a sentence each.
  package internal(set) var warnings: [String] = []

  /// Engines are asked no more often than this.
  static let metricsIntervalMin = Duration.milliseconds(50)

  /// The defaults, with a configuration.
  package init(configuration: Configuration) {
    self.configuration = configuration
  }

  /// The address of one of the ports.
  package func address(port: UInt16) -> ListenAddress { .tcp(host: bindHost, port: port) }
}

/// What is wrong with a command line, in a sentence.
package struct PickerFlagError: Error, Equatable, CustomStringConvertible {
  package var message: String

  package var description: String { message }

  init(_ message: String) { self.message = message }
}
