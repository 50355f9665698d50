import Testing

@testable import Service

@Suite struct PickerFlagsTests {
  private func flags(_ words: String...) throws -> PickerFlags {
    try PickerFlags(parsing: ["--config-file=epp.yaml"] + words)
  }

  private func message(_ words: String...) -> String {
    do {
      _ = try PickerFlags(parsing: ["--config-file=epp.yaml"] + words)
      return ""
    } catch {
      return error.message
    }
  }

  @Test func `the defaults are llm-d's`() throws {
    let flags = try flags()
    #expect(flags == PickerFlags(configuration: .file("epp.yaml")))
    #expect([flags.grpcPort, flags.healthPort, flags.metricsPort] == [9002, 9003, 9090])
    #expect(flags.serving == .selfSigned)
    #expect(flags.metricsInterval == .milliseconds(50))
    #expect(flags.metricsStalenessThreshold == .seconds(2))
    #expect(flags.drainTimeout == .seconds(30))
    #expect(flags.poolName == "epp")
    #expect(flags.tls.minimumVersion == .tls12)
    #expect(
      !flags.answersHealthOnGRPCPort && !flags.emitsEndpointScores && !flags.ignoresSubsetHint)
    #expect(flags.logLevel == .info)
    #expect(flags.adminAddress == .tcp(host: "127.0.0.1", port: 9300))
    #expect(flags.address(port: 9002) == .tcp(host: "", port: 9002))
    #expect(flags.warnings.isEmpty)
  }

  @Test func `values come after an equals sign or as the next word, and the last one counts`()
    throws
  {
    let flags = try flags(
      "--grpc-port", "1", "--grpc-port=2", "--pool-name", "a=b", "--health-checking",
      "--secure-serving=false", "--emit-endpoint-scores=T", "--decision-timeout=1m0.5s",
      "--grpc-max-recv-msg-size=25MB", "--kv-indexer-memory", "1.5GiB", "-v=5")
    #expect(flags.grpcPort == 2)
    #expect(flags.poolName == "a=b")
    #expect(flags.answersHealthOnGRPCPort && flags.emitsEndpointScores)
    #expect(flags.serving == .plain)
    #expect(flags.decisionTimeout == .milliseconds(60_500))
    #expect(flags.receivedMessageBytesMax == 25_000_000)
    #expect(flags.indexBytesMax == 3 << 29)
    #expect(flags.logLevel == .debug)
  }

  @Test func `readiness and replays are the index's`() throws {
    let plain = try flags()
    #expect(plain.readyShare == nil && plain.readyAfter == nil && plain.replaysMax == 8)
    let set = try flags("--ready-exact=0.5", "--ready-after=30s", "--replays-max", "4")
    #expect(set.readyShare == 0.5 && set.readyAfter == .seconds(30) && set.replaysMax == 4)
  }

  @Test func `what the index begins with is ours`() throws {
    #expect(try flags().warm == WarmSettings())
    let warm = try flags(
      "--state-dir=/var/lib/epp", "--snapshot-interval", "5s", "--peer=http://a:9300", "--peer",
      "unix:/run/b"
    ).warm
    #expect(warm.stateDirectory == "/var/lib/epp" && warm.snapshotInterval == .seconds(5))
    #expect(warm.peers.map(\.server) == [.url("http://a:9300"), .unix(path: "/run/b")])
    #expect(try flags("--state-dir=/x", "--state-dir=").warm.stateDirectory == nil)
    #expect(message("--peer=a:9300").contains("takes http://"))
    #expect(message("--snapshot-interval=5").contains("1h30m"))
  }

  @Test(arguments: [["--v", "4"], ["--v=4"], ["-v", "4"], ["-v4"], ["-v=9", "--v=4"]])
  func `verbosity has a long and a short form`(words: [String]) throws {
    #expect(try PickerFlags(parsing: words + ["--config-text", "x"]).logLevel == .debug)
  }

  @Test func `zap's level goes before the verbosity`() throws {
    #expect(try flags("--zap-log-level=error", "--v=5").logLevel == .error)
    #expect(try flags("--zap-log-level=5").logLevel == .debug)
    #expect(message("--zap-log-level=loud").contains("'loud'"))
  }

  @Test func `exactly one configuration is needed`() throws {
    #expect(throws: PickerFlagError.self) { try PickerFlags(parsing: []) }
    #expect(message("--config-text=x").contains("exclude each other"))
    #expect(try PickerFlags(parsing: ["--config-text=x"]).configuration == .text("x"))
  }

  @Test func `certificates come from a folder`() throws {
    let files = TLSPaths(certificate: "/tls/tls.crt", key: "/tls/tls.key")
    #expect(try flags("--cert-path=/tls").serving == .files(files, reloads: false))
    let reloading = try flags("--cert-path=/tls", "--enable-cert-reload")
    #expect(reloading.serving == .files(files, reloads: true))
    #expect(reloading.warnings.isEmpty)
    #expect(try flags("--enable-cert-reload").warnings.count == 1)
    #expect(try flags("--secure-serving=0", "--cert-path=/tls").warnings.count == 1)
  }

  @Test func `TLS versions and suites are checked`() throws {
    let suites = "TLS_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
    let flags = try flags("--tls-min-version=VersionTLS13", "--tls-cipher-suites", suites)
    #expect(flags.tls.minimumVersion == .tls13)
    #expect(flags.tls.cipherSuites.count == 2)
    #expect(message("--tls-min-version=VersionTLS10").contains("VersionTLS12 or VersionTLS13"))
    #expect(message("--tls-cipher-suites=TLS_NOTHING").contains("'TLS_NOTHING'"))
  }

  @Test(
    arguments: [
      ("--metrics-port=70000", "0 to 65535"), ("--grpc-port=x", "a number"),
      ("--secure-serving=yes", "true or false"), ("--decision-timeout=10", "1h30m"),
      ("--decision-timeout=-1s", "1h30m"), ("--decision-timeout=", "1h30m"),
      ("--drain-timeout=1d", "1h30m"), ("--grpc-max-recv-msg-size=-1", "10MiB"),
      ("--grpc-max-recv-msg-size=99999TiB", "bytes"), ("--kv-indexer-memory=1KiB", "bytes"),
      ("--kv-indexer-memory=1XB", "25MB"), ("--ready-exact=2", "from 0 to 1"),
      ("--ready-after=10", "1h30m"), ("--replays-max=0", "1 to 1024"),
      ("--bind-address=a b", "'a b'"),
      ("--admin-listen=0.0.0.0:1", "other machines"), ("--admin-listen=x", "HOST:PORT"),
      ("--grpc-prot=1", "did you mean --grpc-port?"), ("-config-file=x", "--config-file?"),
      ("--pool-name", "needs a value"), ("epp.yaml", "flags only"), ("--", "flags only"),
    ])
  func `what can't be read is named`(word: String, part: String) {
    #expect(message(word).contains(part), "\(message(word))")
  }

  @Test func `a switch's value that stands apart is explained`() {
    #expect(message("--secure-serving", "false").contains("--secure-serving=false"))
  }

  @Test(
    arguments: [
      ("--endpoint-selector=app=x", "endpoints in a file"),
      ("--endpoint-target-ports=8000", "endpoints file"), ("--kubeconfig=x", "file-discovery"),
      ("--ha-enable-leader-election", "beside each Envoy"),
      ("--total-queued-requests-metric=x", "engineConfigs"),
      ("--kv-cache-usage-percentage-metric=x", "engineConfigs"),
      ("--lora-info-metric=x", "engineConfigs"), ("--cache-info-metric=x", "engineConfigs"),
    ])
  func `what means nothing without Kubernetes is refused, with what to do instead`(
    word: String, instead: String
  ) {
    #expect(message(word).contains("is refused"))
    #expect(message(word).contains(instead))
  }

  @Test func `what has no effect is taken, and said where it was asked for`() throws {
    let silent = try flags(
      "--metrics-endpoint-auth=true", "--ha-enable-leader-election=false", "--tracing=false",
      "--enable-pprof=false", "--zap-devel=false")
    #expect(silent.warnings.isEmpty)
    let loud = try flags(
      "--tracing", "--enable-pprof", "--zap-encoder=json", "--pool-group", "x.io",
      "--refresh-prometheus-metrics-interval=5s", "--grpc-max-send-msg-size=1MB",
      "--metrics-cert-dir=/x", "--refresh-metrics-interval=10ms", "--pool-namespace=x",
      "--otlp-sample=1")
    #expect(loud.warnings.count == 10)
    #expect(loud.metricsInterval == .milliseconds(50))
  }

  @Test func `traces go to a collector, of a share of the requests`() throws {
    #expect(try flags().tracing == nil)
    let tracing = try #require(
      try flags("--otlp-sample=0.5", "--otlp-endpoint", "http://c:4318").tracing)
    #expect(tracing.server == .url("http://c:4318") && tracing.path == "/v1/traces")
    #expect(tracing.share == 0.5)
    #expect(try flags("--otlp-endpoint=https://c/x").tracing?.share == 0.01)
    #expect(message("--otlp-endpoint=c:4318").contains("takes http://HOST:PORT"))
    #expect(message("--otlp-sample=2").contains("from 0 to 1"))
  }

  @Test func `the indexer's API can be switched off`() throws {
    #expect(try flags("--admin-listen=").adminAddress == nil)
    #expect(try flags("--admin-listen=unix:/run/a").adminAddress == .unix(path: "/run/a"))
  }

  @Test func `every flag is explained in lines that fit a terminal`() {
    let lines = PickerFlags.help.split(separator: "\n").map(String.init)
    for flag in PickerFlag.all {
      #expect(lines.contains { $0.hasPrefix("  --\(flag.name)") }, "\(flag.name)")
      #expect(!flag.help.isEmpty)
    }
    #expect(lines.allSatisfy { $0.count <= 100 })
    #expect(Set(PickerFlag.all.map(\.name)).count == PickerFlag.all.count)
  }
}
