import Service
import Tokenize

/// Groups of options.
extension ServeCommand {
  /// A forgotten option would be an indexer that follows nobody: it has to be asked for.
  static func check(
    _ isRegisteredOnly: Bool, hasEndpoints: Bool
  ) throws(UsageError) {
    if isRegisteredOnly, hasEndpoints {
      throw UsageError(
        message: "--registered-only is for a start without endpoints; leave it out, endpoints can "
          + "register all the same")
    }
    guard isRegisteredOnly || hasEndpoints else {
      throw UsageError(
        message: "--endpoints FILE or --endpoint SPEC is needed, or --registered-only where "
          + "endpoints register themselves")
    }
  }

  static func readSecurity(
    _ arguments: inout Arguments, _ configuration: inout ServiceConfiguration
  ) throws(UsageError) {
    let certificate = try arguments.option("--tls-cert")
    let key = try arguments.option("--tls-key")
    switch (certificate, key) {
    case (let certificate?, let key?):
      configuration.tls = TLSPaths(certificate: certificate, key: key)
    case (nil, nil): break
    default: throw UsageError(message: "--tls-cert and --tls-key belong together")
    }
    configuration.tokenFile = try arguments.option("--token-file")
    configuration.allowsInsecureListen = arguments.flag("--insecure-listen")
  }

  static func readRendering(
    _ arguments: inout Arguments, _ configuration: inout ServiceConfiguration
  ) throws {
    var settings = RendererSettings(target: .endpoints)
    settings.modelName = try arguments.option("--render-model")
    settings.security.authorityFile = try arguments.option("--render-ca-file")
    settings.security.bearerToken = try arguments.option("--render-token-file").map {
      try TokenFile.first(in: $0)
    }
    if let size = try bytes(&arguments, "--token-cache", in: 0...1 << 40) {
      settings.cacheBytesMax = size
    }
    let url = try arguments.option("--render-url")
    if url == "off" {
      configuration.rendering = nil
      return
    }
    if let url {
      guard let server = HTTPClient.Server(url) else {
        throw UsageError(
          message: "--render-url takes http://…, https://…, unix:/path or off, not '\(url)'")
      }
      settings.target = .fixed(RenderEndpoint(name: url, server: server))
    }
    configuration.rendering = settings
  }

  static func readLimits(
    _ arguments: inout Arguments, _ configuration: inout ServiceConfiguration
  ) throws(UsageError) {
    if let limit = try arguments.integer("--deadline-ms", in: ScoreRequest.deadlineRange) {
      configuration.scoreDeadline = .milliseconds(limit)
    }
    if let limit = try arguments.integer("--max-requests", in: 1...1_000_000) {
      configuration.admission.requestsMax = limit
    }
    if let limit = try arguments.integer("--max-requests-per-client", in: 1...1_000_000) {
      configuration.admission.requestsPerClientMax = limit
    }
    if let size = try bytes(&arguments, "--max-body", in: 1 << 10...1 << 30) {
      configuration.http.bodyBytesMax = size
      configuration.grpc.messageBytesMax = size
    }
    if let size = try bytes(&arguments, "--memory-budget", in: 16 << 20...1 << 40) {
      configuration.memoryBudget = size
    }
    if let text = try arguments.option("--dead-after") {
      guard let time = Duration(goText: text), time > .zero else {
        throw UsageError(message: "--dead-after takes a time such as 90s or 5m, not '\(text)'")
      }
      configuration.trust.deadAfter = time
    }
  }

  static func warm(
    _ arguments: inout Arguments, tokenFile: String?
  ) throws -> WarmSettings {
    var warm = WarmSettings()
    warm.stateDirectory = try arguments.option("--state-dir")
    if let text = try arguments.option("--snapshot-interval") {
      guard let interval = Duration(goText: text), interval >= .milliseconds(100) else {
        throw UsageError(
          message: "--snapshot-interval takes a time from 100ms, such as 60s, not '\(text)'")
      }
      guard warm.stateDirectory != nil else {
        throw UsageError(message: "--snapshot-interval belongs to --state-dir")
      }
      warm.snapshotInterval = interval
    }
    var security = HTTPClient.Security()
    security.authorityFile = try arguments.option("--peer-ca-file")
    security.bearerToken = try tokenFile.map { try TokenFile.first(in: $0) }
    warm.peers = try arguments.options("--peer").map { text throws(UsageError) in
      guard let server = HTTPClient.Server(text) else {
        throw UsageError(
          message: "--peer takes http://…, https://… or unix:/path, not '\(text)'")
      }
      return PeerConfiguration(server: server, security: security)
    }
    return warm
  }

  static func readRecovery(
    _ arguments: inout Arguments, _ configuration: inout ServiceConfiguration
  ) throws(UsageError) {
    if let share = try arguments.option("--ready-exact") {
      guard let value = Double(share), (0...1).contains(value) else {
        throw UsageError(message: "--ready-exact takes a number from 0 to 1, not '\(share)'")
      }
      configuration.readiness.exactShare = value
    }
    if let time = try arguments.option("--ready-after") {
      guard let duration = Duration(goText: time), duration >= .zero else {
        throw UsageError(message: "--ready-after takes a time such as 30s or 2m, not '\(time)'")
      }
      configuration.readiness.after = duration
    }
    if let count = try arguments.integer("--replays-max", in: 1...1_024) {
      configuration.subscriptions.replaysMax = count
    }
  }

  static func tracing(
    _ arguments: inout Arguments
  ) throws(UsageError) -> TracingSettings? {
    let url = try arguments.option("--otlp-endpoint")
    let share = try arguments.option("--otlp-sample")
    guard let url else {
      guard share == nil else {
        throw UsageError(message: "--otlp-sample belongs to --otlp-endpoint")
      }
      return nil
    }
    guard var tracing = TracingSettings(url: url) else {
      throw UsageError(
        message: "--otlp-endpoint takes http://HOST:PORT or https://HOST:PORT, not '\(url)'")
    }
    if let share {
      guard let value = Double(share), (0...1).contains(value) else {
        throw UsageError(message: "--otlp-sample takes a number from 0 to 1, not '\(share)'")
      }
      tracing.share = value
    }
    return tracing
  }

  /// What `--audit` says; nil where it is not given.
  static func audit(_ arguments: inout Arguments) throws(UsageError) -> AuditMode? {
    guard let name = try arguments.option("--audit") else { return nil }
    guard let mode = AuditMode(rawValue: name) else {
      throw UsageError(message: "--audit takes one of \(AuditMode.names), not '\(name)'")
    }
    return mode
  }

  static func address(
    _ text: String, _ option: String
  ) throws(UsageError) -> ListenAddress {
    guard let address = ListenAddress(text) else {
      throw UsageError(message: "\(option) takes HOST:PORT or unix:/path, not '\(text)'")
    }
    return address
  }

  /// A number of bytes, with K, M or G.
  private static func bytes(
    _ arguments: inout Arguments, _ option: String, in range: ClosedRange<Int>
  ) throws(UsageError) -> Int? {
    guard let text = try arguments.option(option) else { return nil }
    let shifts: [Character: Int] = ["K": 10, "M": 20, "G": 30]
    let shift = text.last.flatMap { shifts[$0] }
    let number = Int(shift == nil ? text[...] : text.dropLast())
    let (bytes, overflow) = (number ?? -1).multipliedReportingOverflow(by: 1 << (shift ?? 0))
    guard !overflow, range.contains(bytes) else {
      throw UsageError(
        message: "\(option) takes \(spelled(range.lowerBound)) to \(spelled(range.upperBound)), "
          + "not '\(text)'")
    }
    return bytes
  }

  private static func spelled(_ bytes: Int) -> String {
    for (shift, letter) in [(30, "G"), (20, "M"), (10, "K")] where bytes >= 1 << shift {
      return "\(bytes >> shift)\(letter)"
    }
    return "\(bytes)"
  }

  static func key(from file: String) throws -> String {
    let bytes = try FileBytes.read(file, atMost: 4096)
    let key =
      String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    guard key.utf8.count >= 16 else {
      throw UsageError(message: "\(file): the first line must have at least 16 characters")
    }
    return key
  }
}
