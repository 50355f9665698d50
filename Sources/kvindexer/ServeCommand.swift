import Glibc
import Service
import Tokenize

/// `kvindexer serve`: runs the indexer until SIGTERM or SIGINT.
enum ServeCommand: Command {
  static let help = """
    usage: kvindexer serve [--endpoints FILE] [--endpoint SPEC]… [OPTIONS]

    What is followed
      --endpoints FILE     endpoints in llm-d's YAML format, watched for changes; each entry may
                           have `model` and `kvEvents: {endpoint, replayEndpoint, ranks, bind,
                           blockSize, topic}`
      --endpoint SPEC      one endpoint, repeatable: name=vllm-0,address=10.0.0.7,port=8000,
                           events=tcp://10.0.0.7:5557,replay=tcp://10.0.0.7:5558,ranks=1,
                           model=NAME,block-size=16 (address and port are required)
      --model NAME         the model of endpoints that do not name theirs

    Where it answers
      --listen ADDRESS     HTTP at HOST:PORT or unix:/path, repeatable (127.0.0.1:9300)
      --grpc-listen ADDRESS
                           gRPC, likewise; `none` for no gRPC (127.0.0.1:9301)
      --tls-cert FILE, --tls-key FILE
                           serve TLS with this certificate chain and key, in PEM; read again
                           when they change
      --token-file FILE    accept only requests with one of these bearer tokens, one a line; read
                           again when it changes
      --insecure-listen    allow other addresses than loopback and Unix sockets without tokens

    How text becomes tokens
      --render-url URL     ask this server (http://, https:// or unix:/path), for example a
                           `vllm launch render`; `off` for token ids only (the endpoints
                           themselves, which need --enable-scale-out)
      --render-model NAME  the model's name there, where it differs
      --render-ca-file FILE
                           the authority that https renderers' certificates must come from
      --render-token-file FILE
                           the key that the endpoints ask for (`vllm serve --api-key`)
      --no-engine-metrics  do not read the endpoints' GET /metrics, which tell what they have room for
      --token-cache SIZE   bytes for tokens of prompts that were rendered (64M)

    Limits
      --deadline-ms N      the time that an answer may take where the request does not say (500)
      --max-requests N     requests at a time (1024)
      --max-requests-per-client N
                           of one client address (512)
      --max-body SIZE      bytes of a request (16M)
      --memory-budget SIZE bytes for the index, with K, M or G (2G)

    Traces
      --otlp-endpoint URL  export traces of score requests to this OpenTelemetry collector, for
                           example http://127.0.0.1:4318 (none)
      --otlp-sample SHARE  of the requests to trace whose traceparent does not say it (0.01)

    Other
      --hash-key-file FILE a secret that keys block hashes; processes that share it agree on keys
                           (a random key)
      --log-level LEVEL    debug, info, warning or error (info)
    """

  static func run(_ arguments: Arguments) throws -> Int32 {
    let configuration = try configuration(arguments)
    let signal = StopSignal()
    let service = try IndexerService(configuration)
    for address in service.addresses { configuration.log(.info, "HTTP on \(address)") }
    for address in service.grpcAddresses { configuration.log(.info, "gRPC on \(address)") }
    signal.wait()
    configuration.log(.info, "stopping")
    service.stop()
    return 0
  }

  private static func configuration(_ given: Arguments) throws -> ServiceConfiguration {
    var arguments = given
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = try arguments.option("--endpoints")
    let specs = try arguments.options("--endpoint")
    if let model = try arguments.option("--model") { configuration.model = model }
    let listen = try arguments.options("--listen")
    if !listen.isEmpty { configuration.listen = try listen.map { try address($0, "--listen") } }
    let grpcListen = try arguments.options("--grpc-listen")
    if !grpcListen.isEmpty {
      configuration.grpcListen =
        grpcListen == ["none"] ? [] : try grpcListen.map { try address($0, "--grpc-listen") }
    }
    try readSecurity(&arguments, &configuration)
    try readRendering(&arguments, &configuration)
    try readLimits(&arguments, &configuration)
    configuration.tracing = try tracing(&arguments)
    configuration.engineMetrics = arguments.flag("--no-engine-metrics") ? nil : .inspection
    let keyFile = try arguments.option("--hash-key-file")
    let level = try arguments.option("--log-level")
    try arguments.finish()
    guard configuration.endpointsFile != nil || !specs.isEmpty else {
      throw UsageError(message: "--endpoints FILE or --endpoint SPEC is needed")
    }
    if !specs.isEmpty { configuration.endpoints = try EndpointOptions.endpoints(specs) }
    if let keyFile { configuration.hashKey = try key(from: keyFile) }
    if let level {
      let levels = Log.Level.allCases
      guard let minimum = levels.first(where: { "\($0)" == level }) else {
        throw UsageError(message: "--log-level takes debug, info, warning or error")
      }
      configuration.log = Log(minimum: minimum)
    }
    return configuration
  }

  private static func readSecurity(
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

  private static func readRendering(
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

  private static func readLimits(
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
  }

  private static func tracing(
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

  private static func address(
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

  private static func key(from file: String) throws -> String {
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
