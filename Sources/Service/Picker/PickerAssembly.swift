import EPPScorer
import KVIndexer

/// What the picker's parts are made with, from a configuration and the flags.
enum PickerAssembly {
  static func settings(_ flags: PickerFlags, _ setup: PickerSetup) -> DirectorSettings {
    var settings = DirectorSettings()
    settings.parsers = setup.parsers
    settings.inFlight = setup.inFlightLoad.plugin
    settings.requiresTokens = setup.tokens.plugin.isRequired
    switch setup.tokens.plugin.backend {
    // An approximation estimates them itself.
    case .estimate: settings.usesTokens = setup.prefixProducers.isEmpty
    case .vllm(_, let timeout, let mediaTimeout), .endpoints(let timeout, let mediaTimeout):
      settings.tokenTimeout = min(timeout, flags.decisionTimeout)
      settings.mediaTokenTimeout = min(mediaTimeout, flags.decisionTimeout)
    }
    settings.emitsScores = flags.emitsEndpointScores
    settings.emitsPredictions = flags.emitsPredictions
    return settings
  }

  /// The indexer inside: its endpoints, its tokens, and its own API.
  static func configuration(
    _ flags: PickerFlags, _ setup: PickerSetup, _ relay: EventRelay?, _ log: Log
  ) throws -> ServiceConfiguration {
    guard let discovery = setup.discovery?.plugin else {
      throw ConfigurationError([.init(.fault, path: "dataLayer", PickerSetup.discoveryAdvice)])
    }
    var configuration = ServiceConfiguration()
    configuration.endpointsFile = discovery.path
    configuration.followsEndpointsFile = discovery.watchFile
    configuration.listen = flags.adminAddress.map { [$0] } ?? []
    configuration.grpcListen = []
    configuration.memoryBudget = flags.indexBytesMax
    configuration.audit.mode = flags.audit
    configuration.trust.deadAfter = flags.deadAfter
    configuration.warm = flags.warm
    configuration.readiness.exactShare = flags.readyShare
    configuration.readiness.after = flags.readyAfter
    configuration.subscriptions.replaysMax = flags.replaysMax
    configuration.tracing = flags.tracing
    configuration.tracing?.serviceName = "epp"
    configuration.log = log
    configuration.rendering = try rendering(setup.tokens.plugin)
    configuration.routing = setup.preciseProducer == nil ? .approximate : .precise
    if let precise = setup.preciseProducer, precise.remoteURL == nil {
      if !precise.hashSeed.isEmpty { configuration.hashKey = precise.hashSeed }
      configuration.events = KVEventsDefaults(precise.events)
      configuration.events.relay = relay?.address
    } else if shadowsPrecisely(flags, setup) {
      // No plan says where events are, so they are where the endpoints file or the engines' own
      // default has them.
      configuration.rendering =
        configuration.rendering ?? RendererSettings(target: .endpoints)
    } else {
      // Nobody reads what events tell.
      configuration.events.port = nil
    }
    return configuration
  }

  /// Whether precise predictions are made beside the route.
  ///
  /// Not where the route itself needs tokens that are estimated: it would wait for real ones.
  private static func shadowsPrecisely(_ flags: PickerFlags, _ setup: PickerSetup) -> Bool {
    flags.shadowsPrecisely && shadowFault(setup) == nil
  }

  /// Why a configuration can have no precise shadow, in a sentence; nil when it can.
  static func shadowFault(_ setup: PickerSetup) -> String? {
    if setup.preciseProducer != nil {
      return "routing is precise by itself, and approximate is always in its shadow"
    }
    if setup.prefixProducers.isEmpty { return "no prefixes are approximated" }
    return nil
  }

  /// The indexer elsewhere that a configuration names.
  static func remoteIndexer(_ setup: PickerSetup, _ log: Log) throws -> RemoteIndexer? {
    try setup.preciseProducer?.remoteURL.map { url in
      guard let server = HTTPClient.Server(url) else {
        throw ConfigurationError([
          .init(
            .fault, path: "remote.url",
            "expected http://HOST:PORT, https://HOST:PORT or unix:/PATH, not '\(url)'")
        ])
      }
      return try RemoteIndexer(settings: .init(server: server), log: log)
    }
  }

  private static func rendering(_ tokens: TokenProducer) throws -> RendererSettings? {
    var settings: RendererSettings
    switch tokens.backend {
    case .estimate: return nil
    case .vllm(let url, let timeout, let mediaTimeout):
      settings = RendererSettings(
        target: .fixed(RenderEndpoint(name: url, server: .url(url), models: [])))
      settings.callTimeout = max(timeout, mediaTimeout)
    case .endpoints(let timeout, let mediaTimeout):
      settings = RendererSettings(target: .endpoints)
      settings.callTimeout = max(timeout, mediaTimeout)
    }
    settings.modelName = tokens.modelName
    return settings
  }

  // MARK: Prefix producers

  static func approximations(_ setup: PickerSetup) -> [ApproximateProducer] {
    var tokensPerMedium = 225
    if case .estimate(let tokensPerImage) = setup.tokens.plugin.backend {
      tokensPerMedium = tokensPerImage
    }
    return setup.prefixProducers.compactMap { producer in
      guard case .approximate(let parameters) = producer.kind else { return nil }
      return ApproximateProducer(
        name: producer.name, parameters, tokensPerMedium: tokensPerMedium)
    }
  }

  static func producers(
    _ flags: PickerFlags, _ setup: PickerSetup, _ approximations: [ApproximateProducer],
    _ fleet: SharedFleet, _ remote: RemoteIndexer?
  ) -> PickerProducers {
    let fallback = setup.fallback.map { setup.prefixProducers[$0].name }
    return PickerProducers(
      names: setup.prefixProducers.map(\.name),
      producers: setup.prefixProducers.map { producer in
        switch producer.kind {
        case .approximate:
          .approximate(approximations.firstIndex { $0.name == producer.name } ?? 0)
        case .precise(let parameters):
          if let remote {
            .remote(
              RemoteProducer(
                indexer: remote, weights: TierWeights(weights: parameters.tierWeights),
                countsReservations: parameters.countsReservations))
          } else {
            .precise(PreciseProducer(fleet: fleet, parameters: parameters))
          }
        }
      },
      approximations: approximations,
      fallback: approximations.firstIndex { $0.name == fallback } ?? 0,
      shadow: shadowsPrecisely(flags, setup) ? shadow(of: fleet) : nil)
  }

  /// A precise producer as one with reservations, so that the comparison shows what it can.
  private static func shadow(of fleet: SharedFleet) -> PreciseProducer {
    var parameters = PrecisePrefixCacheProducer()
    parameters.countsReservations = true
    return PreciseProducer(fleet: fleet, parameters: parameters)
  }
}
