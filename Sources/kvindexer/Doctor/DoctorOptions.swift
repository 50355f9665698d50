import Service

/// What `kvindexer doctor` is to examine, and how.
struct DoctorOptions {
  static let help = """
    What to examine
      --endpoints FILE     endpoints as `serve --endpoints` takes them
      --endpoint SPEC      one endpoint as `serve --endpoint` takes it, repeatable
      --model NAME         the model of endpoints that do not name theirs
      --server URL         or what a running indexer follows (http://, https:// or unix:/path); it
                           is asked for its trust and its predictions, too
      --token-file FILE    a file whose first token is sent to it
      --ca-file FILE       the authority that signed its certificate

    How
      --no-probe           send no prompt: the engines are only asked
      --api-key-file FILE  the key that the engines ask for (`vllm serve --api-key`)
      --render-url URL     who turns text into tokens, as for `serve`; `off` for nobody
      --lora NAME          the adapter that each engine has to serve, and is examined with (the
                           first that it lists)
      --timeout TIME       of each step and request, such as 10s or 500ms (10s)
      --strict             warnings count as faults for the exit status
      --json               print the report as JSON
    """

  private enum Subject {
    case configured([EndpointConfiguration])
    case followed
  }

  private(set) var settings = DoctorSettings()
  private(set) var isStrict: Bool
  private(set) var isJSON: Bool
  private let subject: Subject

  init(_ arguments: inout Arguments) throws {
    let file = try arguments.option("--endpoints")
    let specs = try arguments.options("--endpoint")
    let model = try arguments.option("--model")
    let server = try arguments.option("--server")
    isStrict = arguments.flag("--strict")
    isJSON = arguments.flag("--json")
    settings.sendsProbes = !arguments.flag("--no-probe")
    settings.engineSecurity.bearerToken = try arguments.option("--api-key-file").map {
      try TokenFile.first(in: $0)
    }
    settings.adapter = try arguments.option("--lora")
    if let url = try arguments.option("--render-url") { settings.rendering = try Self.render(url) }
    if let text = try arguments.option("--timeout") { settings.timeout = try Self.time(text) }
    var security = HTTPClient.Security()
    security.authorityFile = try arguments.option("--ca-file")
    security.bearerToken = try arguments.option("--token-file").map { try TokenFile.first(in: $0) }
    try arguments.finish()
    guard let server else {
      guard file != nil || !specs.isEmpty else {
        throw UsageError(message: "--endpoints FILE, --endpoint SPEC or --server URL is needed")
      }
      guard security == HTTPClient.Security() else {
        throw UsageError(message: "--token-file and --ca-file belong to --server")
      }
      subject = .configured(try Self.endpoints(file, specs, model: model))
      return
    }
    guard file == nil, specs.isEmpty, model == nil else {
      throw UsageError(message: "--server says what to examine: leave out the endpoints")
    }
    guard let server = HTTPClient.Server(server) else {
      throw UsageError(message: "--server takes http://…, https://… or unix:/path, not '\(server)'")
    }
    settings.witness = DoctorSettings.Witness(server: server, security: security)
    subject = .followed
  }

  /// The endpoints to examine.
  func endpoints(_ doctor: Doctor) throws -> [EndpointConfiguration] {
    switch subject {
    case .configured(let endpoints): endpoints
    case .followed: try doctor.followedEndpoints()
    }
  }

  private static func endpoints(
    _ file: String?, _ specs: [String], model: String?
  ) throws -> [EndpointConfiguration] {
    var endpoints = try file.map { try EndpointsFile(path: $0).endpoints } ?? []
    if !specs.isEmpty { endpoints += try EndpointOptions.endpoints(specs) }
    for index in endpoints.indices where endpoints[index].model == nil {
      endpoints[index].model = model
    }
    return endpoints
  }

  private static func render(_ url: String) throws(UsageError) -> DoctorSettings.Rendering {
    if url == "off" { return .off }
    guard let server = HTTPClient.Server(url) else {
      throw UsageError(
        message: "--render-url takes http://…, https://…, unix:/path or off, not '\(url)'")
    }
    return .server(server)
  }

  private static func time(_ text: String) throws(UsageError) -> Duration {
    guard let time = Duration(goText: text), (.milliseconds(100)...(.seconds(600))).contains(time)
    else {
      throw UsageError(message: "--timeout takes 100ms to 10m, not '\(text)'")
    }
    return time
  }
}
