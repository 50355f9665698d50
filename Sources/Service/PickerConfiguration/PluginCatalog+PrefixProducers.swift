import EPPScorer
import Tokenize

extension PluginCatalog {
  static let prefixProducers: [String: Entry] = [
    ApproxPrefixCacheProducer.type: Entry { approxPrefixCacheProducer(&$0) },
    PrecisePrefixCacheProducer.type: Entry { precisePrefixCacheProducer(&$0) },
  ]

  // MARK: Approximate

  private static func approxPrefixCacheProducer(
    _ parameters: inout PluginParameters
  ) -> ApproxPrefixCacheProducer {
    var producer = ApproxPrefixCacheProducer()
    parameters.read("autoTune", into: &producer.autoTune)
    let blockSizeTokens = parameters.optional("blockSizeTokens")
    if let read = blockSizeTokens?.integer(in: 0...65_536) {
      if read == 0, !producer.autoTune {
        blockSizeTokens?.reject("it has to be positive where 'autoTune' is false")
      } else if read > 0 {
        producer.blockSizeTokens = read
      }
    }
    if let value = parameters.optional("blockSize"), let characters = value.integer(in: 0...262_144)
    {
      let tokens = max(1, (characters + 3) / 4)
      if characters > 0, blockSizeTokens == nil { producer.blockSizeTokens = tokens }
      value.warn(
        blockSizeTokens == nil
          ? "this name is deprecated and counts characters, four a token; use "
            + "'blockSizeTokens: \(tokens)'"
          : "this name is deprecated, and 'blockSizeTokens' stands before it")
    }
    parameters.read(
      "lruCapacityPerServer", into: &producer.lruCapacityPerServer, in: 1...Int(Int32.max))
    readPrefixLimit(&parameters, into: &producer)
    return producer
  }

  /// Reads how much of a prompt is looked at: in tokens, or, where they are 0, in blocks.
  private static func readPrefixLimit(
    _ parameters: inout PluginParameters, into producer: inout ApproxPrefixCacheProducer
  ) {
    parameters.read("maxPrefixTokensToMatch", into: &producer.maxPrefixTokensToMatch)
    let value = parameters.optional("maxPrefixBlocksToMatch")
    var blocks = 2048
    if let read = value?.integer(in: 0...Int(Int32.max)) { blocks = read }
    guard producer.maxPrefixTokensToMatch == 0 else {
      value?.warn(
        "this is deprecated and has no effect while 'maxPrefixTokensToMatch' is not 0, which it is "
          + "\(producer.maxPrefixTokensToMatch)")
      return
    }
    // A block of llm-d's has 64 tokens at least.
    producer.maxPrefixTokensToMatch = blocks * max(producer.blockSizeTokens, 64)
    value?.warn(
      "this is deprecated; use 'maxPrefixTokensToMatch: \(producer.maxPrefixTokensToMatch)'")
  }

  // MARK: Precise

  static func precisePrefixCacheProducer(
    _ parameters: inout PluginParameters
  ) -> PrecisePrefixCacheProducer {
    var producer = PrecisePrefixCacheProducer()
    parameters.nested("tokenProcessorConfig") { readTokenProcessor(&$0, into: &producer) }
    readIndexer(&parameters, into: &producer)
    parameters.nested("kvEventsConfig") { readEvents(&$0, into: &producer.events) }
    parameters.read("speculativeIndexing", into: &producer.countsReservations)
    if let value = parameters.optional("speculativeTTL"), let text = value.string(), !text.isEmpty {
      if let lifetime = Duration(goText: text) {
        producer.reservationLifetime = lifetime > .zero ? lifetime : nil
      } else {
        value.reject("invalid speculativeTTL \"\(text)\": expected a duration such as 2s")
      }
    }
    parameters.nested("remote") { remote in
      if let url = remote.requiredText("url") { producer.remoteURL = url }
    }
    return producer
  }

  private enum HashAlgorithm: String, CaseIterable {
    case cborFNV = "cbor-fnv"
    case xxh64
  }

  private static func readTokenProcessor(
    _ parameters: inout PluginParameters, into producer: inout PrecisePrefixCacheProducer
  ) {
    var (tokens, old) = (0, 0)
    parameters.read("blockSizeTokens", into: &tokens, in: 0...65_536)
    parameters.read("blockSize", into: &old, in: 0...65_536)
    parameters.deprecated("blockSize", "use 'blockSizeTokens'")
    if tokens == 0 { tokens = old }
    producer.blockSizeTokens = tokens > 0 ? tokens : nil
    parameters.read("hashSeed", into: &producer.hashSeed)
    if parameters.text("hashAlgorithm") != nil,
      parameters.choice("hashAlgorithm", HashAlgorithm.self) != nil
    {
      parameters.ignore("hashAlgorithm", "keys never leave the process")
    }
  }

  private static func readIndexer(
    _ parameters: inout PluginParameters, into producer: inout PrecisePrefixCacheProducer
  ) {
    parameters.nested("indexerConfig") { indexer in
      indexer.refuse("tokenizersPoolConfig", TokenProducer.advice(after: "it"))
      indexer.nested("kvBlockIndexConfig") { readIndex(&$0) }
      guard let list = indexer.optional("kvCacheBackendConfigs")?.list() else { return }
      producer.tierWeights = [:]
      for value in list {
        guard var tier = PluginParameters(value) else { continue }
        let name = tier.requiredText("name")
        let weight = tier.required("weight")?.number(in: 0 ... .greatestFiniteMagnitude)
        tier.finish()
        if let name, let weight { producer.tierWeights[name.lowercased()] = weight }
      }
    }
  }

  private static func readIndex(_ parameters: inout PluginParameters) {
    let budget = "the index is bounded by its memory budget alone, a flag of epp"
    parameters.nested("inMemoryConfig") {
      $0.ignore("size", budget)
      $0.ignore("podCacheSize", "a block may be held by any number of endpoints")
    }
    parameters.nested("costAwareMemoryConfig") { $0.ignore("size", budget) }
    parameters.refuse(
      "redisConfig",
      "the index lives in the process; to share one, run 'kvindexer serve' and give the producer "
        + "'remote: {url: http://HOST:9300}' instead")
    parameters.ignore("enableMetrics", "the index is always measured")
    parameters.ignore("metricsLoggingInterval", "metrics are not logged; they are at /metrics")
  }

  private enum EngineType: String, CaseIterable { case vllm, sglang }

  private static func readEvents(
    _ parameters: inout PluginParameters, into events: inout PrecisePrefixCacheProducer.Events
  ) {
    if let value = parameters.optional("zmqEndpoint"), let text = value.string(), !text.isEmpty {
      if EventAddress(text) == nil {
        value.reject("expected tcp://HOST:PORT or ipc://PATH, not '\(text)'")
      }
      events.boundAddress = text
    }
    if let value = parameters.optional("topicFilter"), let text = value.string() {
      events.topicFilter = text
    }
    parameters.ignore("concurrency", "one thread applies events faster than engines send them")
    if parameters.text("engineType") != nil {
      _ = parameters.choice("engineType", EngineType.self)
    }
    parameters.read("discoverPods", into: &events.discoversEndpoints)
    parameters.nested("podDiscoveryConfig") { discovery in
      var ports = (Int(events.port), 0)
      discovery.read("socketPort", into: &ports.0, in: 1...65_535)
      discovery.read("replaySocketPort", into: &ports.1, in: Int(Int16.min)...65_535)
      events.port = UInt16(ports.0)
      events.replayPort = ports.1 > 0 ? UInt16(ports.1) : nil
      let reason = "endpoints come from the discovery, not from Kubernetes"
      discovery.ignore("podLabelSelector", reason)
      discovery.ignore("podNamespace", reason)
    }
  }
}
