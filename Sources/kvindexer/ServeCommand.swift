import Service

/// `kvindexer serve`: runs the indexer until SIGTERM or SIGINT.
enum ServeCommand: Command {
  static let help = """
    usage: kvindexer serve (--endpoints FILE | --endpoint SPEC… | --registered-only) [OPTIONS]

    What is followed
      --endpoints FILE     endpoints in llm-d's YAML format, watched for changes; each entry may
                           have `model` and `kvEvents: {endpoint, replayEndpoint, ranks, bind,
                           blockSize, topic}`
      --endpoint SPEC      one endpoint, repeatable: name=vllm-0,address=10.0.0.7,port=8000,
                           events=tcp://10.0.0.7:5557,replay=tcp://10.0.0.7:5558,ranks=1,
                           model=NAME,block-size=16 (address and port are required)
      --registered-only    begin without endpoints, and follow those that register themselves
                           (`kvindexer register`, PUT /v1/endpoints/NAME); registrations add to
                           the others, too
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
      --dead-after TIME    forget what an engine held whose connection is down for so long (5m)

    Between two processes
      --state-dir DIR      keep the hash key and snapshots of the index here; the next process goes
                           on from them, source by source as the engines prove to be the same
      --snapshot-interval TIME
                           how often a snapshot is written (60s)
      --peer URL           begin with what this sibling knows (http://, https:// or unix:/path),
                           repeatable: the first that answers. It needs the same hash key; it is
                           asked with the first token of --token-file
      --peer-ca-file FILE  the authority that https peers' certificates must come from

    Starting and recovering
      --ready-exact SHARE  be ready (/readyz, gRPC health) when this share of the sources is exact;
                           engines that don't answer are not waited for (when none is catching up)
      --ready-after TIME   be ready after that time whatever the sources are, such as 30s (never)
      --replays-max N      engines that are asked for missed events at a time (8)

    Traces
      --otlp-endpoint URL  export traces of score requests to this OpenTelemetry collector, for
                           example http://127.0.0.1:4318 (none)
      --otlp-sample SHARE  of the requests to trace whose traceparent does not say it (0.01)

    Other
      --audit MODE         what follows when an engine reuses other numbers of tokens than its events
                           say: resync learns anew what it holds, report only says that it is not
                           exact, off compares nothing (resync)
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

  /// What a command line says.
  static func configuration(_ given: Arguments) throws -> ServiceConfiguration {
    var arguments = given
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = try arguments.option("--endpoints")
    let specs = try arguments.options("--endpoint")
    let isRegisteredOnly = arguments.flag("--registered-only")
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
    configuration.warm = try warm(&arguments, tokenFile: configuration.tokenFile)
    try readRecovery(&arguments, &configuration)
    configuration.tracing = try tracing(&arguments)
    configuration.engineMetrics = arguments.flag("--no-engine-metrics") ? nil : .inspection
    if let mode = try audit(&arguments) { configuration.audit.mode = mode }
    let keyFile = try arguments.option("--hash-key-file")
    let level = try arguments.option("--log-level")
    try arguments.finish()
    try check(isRegisteredOnly, hasEndpoints: configuration.endpointsFile != nil || !specs.isEmpty)
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
}
