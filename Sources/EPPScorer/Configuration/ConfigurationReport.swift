/// Tells in words what a configuration will do with a request.
public struct ConfigurationReport: Sendable {
  public private(set) var lines: [String] = []

  /// The report of a set-up.
  ///
  /// - Parameter warnings: What is odd with it, a line each, to be told at the end.
  public init(_ setup: PickerSetup, warnings: [String] = []) {
    section("Endpoints", Self.endpoints(setup))
    section("Metrics", Self.metrics(setup))
    section("Requests", Self.requests(setup))
    section("Tokens", Self.tokens(setup))
    section("Prefixes", Self.prefixes(setup))
    section("Load", Self.load(setup))
    section("Profiles", Self.handler(setup))
    for profile in setup.plan.profiles {
      section("'\(profile.name)'", Self.profile(profile, setup))
    }
    if !warnings.isEmpty {
      lines.append("")
      lines.append(warnings.count == 1 ? "1 warning" : "\(warnings.count) warnings")
      lines += warnings.map { "  \($0)" }
    }
  }

  /// All lines, each with its end.
  public var text: String { lines.map { $0 + "\n" }.joined() }

  private mutating func section(_ title: String, _ content: [String]) {
    lines.append(title)
    lines += content.map { "  \($0)" }
  }

  // MARK: Surroundings

  private static func endpoints(_ setup: PickerSetup) -> [String] {
    guard let discovery = setup.discovery?.plugin else { return [PickerSetup.discoveryAdvice] }
    return [
      "are taken from \(discovery.path)"
        + (discovery.watchFile ? ", and its changes are followed" : ", once, at the start")
    ]
  }

  private static func metrics(_ setup: PickerSetup) -> [String] {
    guard let metrics = setup.metrics else { return ["are not read"] }
    let (source, extractor) = (metrics.source, metrics.extractor)
    let port = source.port.map(String.init) ?? "PORT"
    let interval =
      source.interval.map { "at most every \(text($0))" }
      ?? "as often as --refresh-metrics-interval allows"
    return [
      "are read from \(source.scheme)://ENDPOINT:\(port)\(source.path), \(interval)",
      "mean what they do for \(extractor.defaultEngine), unless the endpoint's label "
        + "\(extractor.engineLabelKey) names another engine",
    ]
  }

  private static func requests(_ setup: PickerSetup) -> [String] {
    var lines = setup.parsers.parsers.compactMap { parser in
      let endings = parser.pathEndings
      return endings.isEmpty
        ? nil : "\(type(of: parser).type) understands \(endings.joined(separator: ", "))"
    }
    lines.append(
      setup.parsers.passesUnknown
        ? "others pass without being read: filters and scorers know nothing of their prompts"
        : "others are refused with 400")
    return lines
  }

  private static func tokens(_ setup: PickerSetup) -> [String] {
    let producer = setup.tokens.plugin
    let model = producer.modelName.map { "for the model \($0)" } ?? "for the request's model"
    var lines: [String]
    switch producer.backend {
    case .estimate(let tokensPerImage):
      lines = [
        "are taken as they are where requests hold token ids",
        "are estimated of text, four bytes a token, and of images, \(tokensPerImage) each",
      ]
    case .vllm(let url, let timeout, let mediaTimeout):
      lines = ["are rendered by \(url) \(model)", limits(timeout, mediaTimeout)]
    case .endpoints(let timeout, let mediaTimeout):
      lines = ["are rendered by the endpoints themselves \(model)", limits(timeout, mediaTimeout)]
    }
    lines.append(
      producer.isRequired
        ? "are required: a request is refused without them"
        : "are not required: a request is routed without them")
    return lines
  }

  private static func limits(_ timeout: Duration, _ mediaTimeout: Duration) -> String {
    "are waited for no longer than \(text(timeout)), \(text(mediaTimeout)) with media, "
      + "and no longer than --decision-timeout"
  }

  private static func text(_ duration: Duration) -> String {
    let milliseconds = duration / .milliseconds(1)
    return milliseconds < 1000 ? "\(text(milliseconds)) ms" : "\(text(milliseconds / 1000)) s"
  }

  /// A number, without a fraction where it has none.
  static func text(_ number: Double) -> String {
    Int(exactly: number).map(String.init) ?? "\(number)"
  }

  // MARK: Prefixes and load

  private static func prefixes(_ setup: PickerSetup) -> [String] {
    if setup.prefixProducers.isEmpty { return ["are not looked at"] }
    var lines: [String] = []
    for (index, producer) in setup.prefixProducers.enumerated() {
      let content: [String]
      switch producer.kind {
      case .precise(let precise): content = self.precise(precise)
      case .approximate(let approximate): content = self.approximate(approximate)
      }
      let isDefault = index == setup.plan.defaultProducer && producer.isRead
      lines.append(
        "\(producer.name): \(content[0])"
          + (isDefault ? "; read where no producer is named" : ""))
      lines += content.dropFirst().map { "  \($0)" }
      if index == setup.fallback {
        lines.append("  stands in where tokens are missing or an endpoint's events are not exact")
      }
    }
    return lines
  }

  private static func precise(_ producer: PrecisePrefixCacheProducer) -> [String] {
    var lines: [String] = []
    if let url = producer.remoteURL {
      lines.append("exact, as the indexer at \(url) says")
    } else {
      lines.append("exact, from the KV events of the endpoints")
      let events = producer.events
      if let address = events.boundAddress {
        lines.append("lets engines connect to \(address), with topics of '\(events.topicFilter)'")
        lines.append("subscribes elsewhere only where the endpoints file says so")
      } else if events.discoversEndpoints {
        let replay = events.replayPort.map { "port \($0) for replays" } ?? "no replays"
        lines.append(
          "subscribes to each endpoint's port \(events.port), with \(replay), unless the endpoints "
            + "file says where")
      } else {
        lines.append("subscribes only where the endpoints file says so")
      }
    }
    let weights = producer.tierWeights.sorted { $0.key < $1.key }
      .map { "\($0.key) \(text($0.value))" }.joined(separator: ", ")
    lines.append("weighs tokens by tier: \(weights)")
    lines.append(
      producer.countsReservations
        ? "counts what requests on their way will leave there"
        : "does not count what requests on their way will leave there")
    return lines
  }

  private static func approximate(_ producer: ApproxPrefixCacheProducer) -> [String] {
    let size =
      producer.autoTune
      ? "blocks and capacity as engines say, or else \(producer.blockSizeTokens) tokens and "
      : "blocks of \(producer.blockSizeTokens) tokens, "
    let limit =
      producer.maxPrefixTokensToMatch == 0
      ? "looks at whole prompts" : "looks at \(producer.maxPrefixTokensToMatch) tokens of a prompt"
    return [
      "guessed from what was sent where",
      "\(size)\(producer.lruCapacityPerServer) blocks an endpoint",
      limit,
    ]
  }

  private static func load(_ setup: PickerSetup) -> [String] {
    let producer = setup.inFlightLoad.plugin
    return [
      "\(setup.inFlightLoad.name) counts the requests on their way and their uncached tokens"
        + (producer.addEstimatedOutputTokens ? ", and tokens that they may answer with" : ""),
      "no request is refused for load: \(setup.saturationDetector.name) is there for priorities, "
        + "which requests have in Kubernetes alone",
    ]
  }
}
