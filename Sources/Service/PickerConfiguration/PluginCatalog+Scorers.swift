import EPPScorer

extension PluginCatalog {
  static let scorers: [String: Entry] = [
    QueueScorer.type: bare(QueueScorer()),
    RunningRequestsScorer.type: bare(RunningRequestsScorer()),
    CacheUtilizationScorer.type: bare(CacheUtilizationScorer()),
    LoRAAffinityScorer.type: bare(LoRAAffinityScorer()),
    LoadAwareScorer.type: Entry { parameters in
      var scorer = LoadAwareScorer()
      parameters.read("threshold", into: &scorer.threshold, in: 1...Int.max)
      return scorer
    },
    ActiveRequestScorer.type: Entry { parameters in
      var scorer = ActiveRequestScorer()
      parameters.read("idleThreshold", into: &scorer.idleThreshold)
      parameters.read("maxBusyScore", into: &scorer.maxBusyScore, in: 0...1)
      parameters.need(.inFlightLoad, "inFlightLoadProducerName")
      parameters.ignore("requestTimeout", "requests count until they end")
      return scorer
    },
    TokenLoadScorer.type: Entry { parameters in
      var scorer = TokenLoadScorer()
      parameters.read(
        "queueThresholdTokens", into: &scorer.queueThresholdTokens, in: 1...Int.max)
      parameters.need(.inFlightLoad, "inFlightLoadProducerName")
      return scorer
    },
    ContextLengthAware.type: Entry { parameters in
      var scorer = ContextLengthAware()
      if let label = parameters.optional("label"), let text = label.string() {
        if text.isEmpty { label.reject("it must not be empty") }
        scorer.label = text
      }
      parameters.read("enableFiltering", into: &scorer.enableFiltering)
      return scorer
    },
  ]

  static let affinityScorers: [String: Entry] = [
    PrefixCacheScorer.type: Entry { prefixCacheScorer(&$0) },
    CombinedPrefixScorer.type: Entry(
      deprecation: "use precise-prefix-cache-producer, and prefix-cache-scorer with "
        + "'prefixMatchInfoProducerName: precise-prefix-cache-producer'"
    ) { CombinedPrefixScorer(producer: precisePrefixCacheProducer(&$0)) },
    NoHitLRUScorer.type: Entry { parameters in
      var scorer = NoHitLRUScorer()
      parameters.read("lruSize", into: &scorer.lruSize, in: 1...Int.max)
      parameters.read(
        "prefixMatchInfoProducerName", into: &scorer.prefixMatchInfoProducerName)
      parameters.readLegacyPrefixPlugin()
      return scorer
    },
    SessionAffinityScorer.type: Entry(isAlpha: true) {
      SessionAffinityScorer(source: sessionSource(&$0, SessionAffinityScorer().source))
    },
    HeaderLabelAffinityScorer.type: Entry(isAlpha: true) { parameters in
      let header = parameters.requiredText("headerName")
      let label = parameters.requiredText("labelKey")
      guard let header, let label else { return nil }
      return HeaderLabelAffinityScorer(headerName: header.lowercased(), labelKey: label)
    },
  ]

  private static func prefixCacheScorer(_ parameters: inout PluginParameters) -> PrefixCacheScorer {
    var scorer = PrefixCacheScorer()
    parameters.read("prefixMatchInfoProducerName", into: &scorer.prefixMatchInfoProducerName)
    parameters.read("matchLengthWeight", into: &scorer.matchLengthWeight, in: 0...1)
    let scale = parameters.optional("matchLengthScaleTokens")
    if let read = scale?.integer(in: 0...Int.max) { scorer.matchLengthScaleTokens = read }
    if scorer.matchLengthWeight > 0, scorer.matchLengthScaleTokens == 0 {
      scale?.reject("it has to be positive where 'matchLengthWeight' is")
    }
    for name in [
      "autoTune", "blockSize", "blockSizeTokens", "hashBlockSize", "lruCapacityPerServer",
      "maxPrefixBlocksToMatch", "maxPrefixTokensToMatch",
    ] {
      parameters.refuse(name, "it is a parameter of approx-prefix-cache-producer; declare one")
    }
    return scorer
  }

  /// How sessions are known, which the filter and the scorer say alike.
  static func sessionSource(
    _ parameters: inout PluginParameters, _ standard: SessionSource
  ) -> SessionSource {
    parameters.refuse(
      "profileName", "every profile remembers its own endpoint of a session")
    switch parameters.choice("strategy", SessionStrategy.self) ?? .endpointHeader {
    case .endpointHeader:
      guard case .endpointHeader(var header) = standard else { return standard }
      parameters.nested("encodedEndpointHeaderConfig") { $0.header("header", into: &header) }
      parameters.ignore("sessionIdConfig", "'strategy' is 'encoded_endpoint_header'")
      return .endpointHeader(header)
    case .sessionID:
      var (headers, lifetime) = ([String](), 300)
      parameters.nested("sessionIdConfig") { config in
        headers = sessionHeaders(&config)
        config.read("evictionTtlSeconds", into: &lifetime, in: 1...Int.max / 1_000_000_000)
        config.ignore("evictionSweepSeconds", "sessions end on time")
      }
      parameters.ignore("encodedEndpointHeaderConfig", "'strategy' is 'session_id'")
      if headers.isEmpty { headers = ["x-session-id"] }
      return .sessionID(headers: headers, timeToLiveSeconds: lifetime)
    }
  }

  private enum SessionStrategy: String, CaseIterable {
    case endpointHeader = "encoded_endpoint_header"
    case sessionID = "session_id"
  }

  /// The headers of `sources`: a session-id-producer comes down to its header.
  private static func sessionHeaders(_ parameters: inout PluginParameters) -> [String] {
    let known = parameters.sessionHeaders
    return (parameters.optional("sources")?.list() ?? []).compactMap { value in
      guard var source = PluginParameters(value) else { return nil }
      let header = source.text("header")
      let attribute = source.optional("attribute")
      let name = source.text("producer") ?? SessionIDProducer.type
      source.finish()
      switch (header, attribute) {
      case (let header?, nil): return header.lowercased()
      case (nil, _?):
        if let header = known[name] { return header }
        value.reject(
          "no session-id-producer '\(name)' with a header is declared"
            + (known.isEmpty ? "" : "; there is \(known.keys.sorted().joined(separator: ", "))"))
      default: value.reject("expected either 'header' or 'attribute'")
      }
      return nil
    }
  }
}
