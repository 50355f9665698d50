extension PickerFlag {
  static let configuration: [PickerFlag] = [
    .text(
      "config-file", "FILE", .configuration, \.configFile, "the EndpointPickerConfig, in YAML"),
    .text("config-text", "YAML", .configuration, \.configText, "the same as text"),
    .text(
      "pool-name", "NAME", .configuration, \.flags.poolName, "the pool's name in metrics (epp)"),
    .toggle(
      "allow-experimental-plugins", .configuration, \.flags.allowsExperimentalPlugins,
      "take plugins that llm-d calls alpha"),
  ]

  static let listening: [PickerFlag] = [
    .port("grpc-port", \.flags.grpcPort, "ext_proc, which Envoy calls (9002)"),
    .port("grpc-health-port", \.flags.healthPort, "gRPC health checks, never with TLS (9003)"),
    .port("metrics-port", \.flags.metricsPort, "GET /metrics, plain HTTP (9090)"),
    PickerFlag(
      "bind-address", "HOST", .listening, "of these three ports (every interface)"
    ) { text, values throws(PickerFlagError) in
      guard text.isEmpty || HostName(text) != nil else {
        throw PickerFlagError("--bind-address takes an address or a host name, not '\(text)'")
      }
      values.flags.bindHost = HostName(text)?.text ?? ""
    },
    .toggle(
      "health-checking", .listening, \.flags.answersHealthOnGRPCPort,
      "answer health checks on the ext_proc port too"),
    .size(
      "grpc-max-recv-msg-size", .listening, in: 1 << 10...1 << 31,
      \.flags.receivedMessageBytesMax, "of one message from Envoy (16MiB)"),
  ]

  static let security: [PickerFlag] = [
    .toggle(
      "secure-serving", .security, \.isSecure,
      "serve TLS, self-signed unless --cert-path is given (true)"),
    .text("cert-path", "DIR", .security, \.certificateFolder, "with tls.crt and tls.key, in PEM"),
    .toggle(
      "enable-cert-reload", .security, \.reloadsCertificate, "read those again when they change"),
    PickerFlag(
      "tls-min-version", "VERSION", .security, "VersionTLS12 or VersionTLS13 (VersionTLS12)"
    ) { text, values throws(PickerFlagError) in
      guard let version = TLSPolicy.Version(rawValue: text) else {
        let names = TLSPolicy.Version.allCases.map(\.rawValue).joined(separator: " or ")
        throw PickerFlagError("--tls-min-version takes \(names), not '\(text)'")
      }
      values.flags.tls.minimumVersion = version
    },
    PickerFlag(
      "tls-cipher-suites", "NAMES", .security,
      "IANA's names with commas between (OpenSSL's defaults)"
    ) { text, values throws(PickerFlagError) in
      let names = text.split(separator: ",").map { $0.filter { $0 != " " } }
      if let unknown = names.first(where: { !TLSPolicy.isCipherSuite($0) }) {
        throw PickerFlagError(
          "--tls-cipher-suites: '\(unknown)' is no cipher suite of this system's OpenSSL; names "
            + "are IANA's, such as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
      }
      values.flags.tls.cipherSuites = names
    },
  ]

  static let engines: [PickerFlag] = [
    .duration(
      "refresh-metrics-interval", .engines, \.flags.metricsInterval,
      "how often an engine under load is asked for its metrics (50ms, the least)"),
    .duration(
      "metrics-staleness-threshold", .engines, \.flags.metricsStalenessThreshold,
      "older numbers do not count in the pool's averages (2s)"),
    .toggle(
      "enable-grpc-stream-metrics", .engines, \.flags.countsGRPCStreams,
      "count ext_proc streams too"),
  ]

  static let requests: [PickerFlag] = [
    .toggle(
      "disable-endpoint-subset-filter", .requests, \.flags.ignoresSubsetHint,
      "ignore the gateway's x-gateway-destination-endpoint-subset"),
    .toggle(
      "emit-endpoint-scores", .requests, \.flags.emitsEndpointScores,
      "tell the gateway every candidate's score"),
    .toggle(
      "emit-predictions", .requests, \.flags.emitsPredictions,
      "tell clients the endpoint and its predicted cached tokens, in headers; ours"),
    PickerFlag(
      "shadow", "precise", .requests,
      "predict precisely beside approximate routing, for GET /v1/comparison; ours"
    ) { text, values throws(PickerFlagError) in
      guard text == "precise" else {
        throw PickerFlagError(
          "--shadow takes precise, not '\(text)'; the approximate shadow of precise routing is "
            + "always there")
      }
      values.flags.shadowsPrecisely = true
    },
    .duration(
      "decision-timeout", .requests, \.flags.decisionTimeout,
      "the longest that a request may wait for its endpoint (10s); ours"),
    .duration(
      "drain-timeout", .requests, \.flags.drainTimeout,
      "how long a stop waits for requests under way (30s)"),
  ]

  static let indexer: [PickerFlag] = [
    PickerFlag(
      "audit", "MODE", .indexer,
      "what follows when an engine reuses other numbers of tokens than its events say: resync, "
        + "report or off (resync); ours"
    ) { text, values throws(PickerFlagError) in
      guard let mode = AuditMode(rawValue: text) else {
        throw PickerFlagError("--audit takes one of \(AuditMode.names), not '\(text)'")
      }
      values.flags.audit = mode
    },
    .size(
      "kv-indexer-memory", .indexer, in: 16 << 20...1 << 40, \.flags.indexBytesMax,
      "for the index (2GiB); ours"),
    .duration(
      "dead-after", .indexer, \.flags.deadAfter,
      "forget what an engine held whose event connection is down for so long (5m); ours"),
    PickerFlag(
      "admin-listen", "ADDRESS", .indexer,
      "kvindexer's API on a loopback HOST:PORT or unix:/path, empty for none (127.0.0.1:9300); ours"
    ) { text, values throws(PickerFlagError) in
      guard !text.isEmpty else {
        values.flags.adminAddress = nil
        return
      }
      guard let address = ListenAddress(text) else {
        throw PickerFlagError("--admin-listen takes HOST:PORT or unix:/path, not '\(text)'")
      }
      guard address.isLocal else {
        throw PickerFlagError(
          "--admin-listen: \(address) can be reached by other machines, and the API asks for no "
            + "token; use a loopback address or unix:/path, or `kvindexer serve` with tokens")
      }
      values.flags.adminAddress = address
    },
    PickerFlag(
      "state-dir", "DIR", .indexer,
      "keep the hash key and snapshots of the index here; the next process goes on from them; ours"
    ) { text, values throws(PickerFlagError) in
      values.flags.warm.stateDirectory = text.isEmpty ? nil : text
    },
    .duration(
      "snapshot-interval", .indexer, \.flags.warm.snapshotInterval,
      "how often a snapshot is written there (60s); ours"),
    PickerFlag(
      "peer", "URL", .indexer,
      "begin with what this sibling's indexer knows, repeatable; it needs the same hash key; ours"
    ) { text, values throws(PickerFlagError) in
      guard let server = HTTPClient.Server(text) else {
        throw PickerFlagError("--peer takes http://…, https://… or unix:/path, not '\(text)'")
      }
      values.flags.warm.peers.append(PeerConfiguration(server: server))
    },
  ]

  static let recovery: [PickerFlag] = [
    PickerFlag(
      "ready-exact", "SHARE", .indexer,
      "health checks fail until this share of the sources is exact (they do not wait); ours"
    ) { text, values throws(PickerFlagError) in
      guard let share = Double(text), (0...1).contains(share) else {
        throw PickerFlagError("--ready-exact takes a number from 0 to 1, not '\(text)'")
      }
      values.flags.readyShare = share
    },
    PickerFlag(
      "ready-after", "TIME", .indexer, "and no longer than so long, such as 30s; ours"
    ) { text, values throws(PickerFlagError) in
      values.flags.readyAfter = try FlagValue.duration(text, of: "ready-after")
    },
    PickerFlag(
      "replays-max", "N", .indexer, "engines that are asked for missed events at a time (8); ours"
    ) { text, values throws(PickerFlagError) in
      let count = try FlagValue.integer(text, of: "replays-max")
      guard 1...1_024 ~= count else {
        throw PickerFlagError("--replays-max takes 1 to 1024, not '\(text)'")
      }
      values.flags.replaysMax = count
    },
  ]

  static let logging: [PickerFlag] = [
    PickerFlag(
      "v", "N", .logging, "verbosity: from 4 on debug lines too (also -v N)"
    ) { text, values throws(PickerFlagError) in
      values.verbosity = try FlagValue.integer(text, of: "v")
    },
    PickerFlag(
      "zap-log-level", "LEVEL", .logging, "debug, info, error, or a verbosity; goes before --v"
    ) { text, values throws(PickerFlagError) in
      switch text {
      case "debug": values.zapLevel = .debug
      case "info": values.zapLevel = .info
      case "error", "panic": values.zapLevel = .error
      default:
        guard let verbosity = Int(text), verbosity > 0 else {
          throw PickerFlagError(
            "--zap-log-level takes debug, info, error, panic or a number above 0, not '\(text)'")
        }
        values.zapLevel = verbosity >= 4 ? .debug : .info
      }
    },
    PickerFlag(
      "otlp-endpoint", "URL", .logging,
      "export traces to this OpenTelemetry collector, for example http://127.0.0.1:4318; ours"
    ) { text, values throws(PickerFlagError) in
      guard let tracing = TracingSettings(url: text) else {
        throw PickerFlagError(
          "--otlp-endpoint takes http://HOST:PORT or https://HOST:PORT, not '\(text)'")
      }
      values.flags.tracing = tracing
    },
    PickerFlag(
      "otlp-sample", "SHARE", .logging,
      "of the requests to trace whose traceparent does not say it (0.01); ours"
    ) { text, values throws(PickerFlagError) in
      guard let share = Double(text), (0...1).contains(share) else {
        throw PickerFlagError("--otlp-sample takes a number from 0 to 1, not '\(text)'")
      }
      values.traceShare = share
    },
  ]
}
