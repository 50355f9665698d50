import EPPScorer
import Foundation
import Testing

@testable import Service

@Suite struct PluginCatalogTests {
  /// The plugin that is read from a type and its parameters, in words.
  private func read(_ type: String, _ parameters: String, with others: String = "") -> String {
    do throws(YAMLError) {
      // A handler of profiles may want one that is not there.
      let read = try pickerConfiguration(
        "plugins: [{type: \(type), parameters: {\(parameters)}}\(others)]\n"
          + "schedulingProfiles: [{name: d}]", experimental: true)
      return read.config.plugins.first.map { String(describing: $0.plugin) } ?? "nothing"
    } catch {
      return error.description
    }
  }

  private static let scorers: [(String, String, any Plugin)] = [
    ("queue-scorer", "", QueueScorer()),
    ("running-requests-size-scorer", "", RunningRequestsScorer()),
    ("kv-cache-utilization-scorer", "", CacheUtilizationScorer()),
    ("lora-affinity-scorer", "", LoRAAffinityScorer()),
    ("load-aware-scorer", "threshold: 7", LoadAwareScorer(threshold: 7)),
    (
      "active-request-scorer",
      "idleThreshold: 2, maxBusyScore: 0.5, inFlightLoadProducerName: inflight-load-producer",
      ActiveRequestScorer(idleThreshold: 2, maxBusyScore: 0.5)
    ),
    ("active-request-scorer", "requestTimeout: 2m", ActiveRequestScorer()),
    (
      "token-load-scorer", "queueThresholdTokens: 9", TokenLoadScorer(queueThresholdTokens: 9)
    ),
    (
      "context-length-aware", "label: l, enableFiltering: true",
      ContextLengthAware(label: "l", enableFiltering: true)
    ),
    (
      "prefix-cache-scorer",
      "prefixMatchInfoProducerName: approx-prefix-cache-producer, matchLengthWeight: 0.5, "
        + "matchLengthScaleTokens: 100",
      PrefixCacheScorer(
        prefixMatchInfoProducerName: "approx-prefix-cache-producer", matchLengthWeight: 0.5,
        matchLengthScaleTokens: 100)
    ),
    ("prefix-cache-scorer", "prefixMatchInfoProducerName: ''", PrefixCacheScorer()),
    ("no-hit-lru-scorer", "lruSize: 5", NoHitLRUScorer(lruSize: 5)),
    ("no-hit-lru-scorer", "prefixPluginType: prefix-cache-scorer", NoHitLRUScorer()),
    (
      "session-affinity-scorer", "encodedEndpointHeaderConfig: {header: X-S}",
      SessionAffinityScorer(source: .endpointHeader("x-s"))
    ),
    (
      "session-affinity-scorer", "strategy: session_id",
      SessionAffinityScorer(
        source: .sessionID(headers: ["x-session-id"], timeToLiveSeconds: 300))
    ),
    (
      "header-label-affinity-scorer", "headerName: X-Zone, labelKey: zone",
      HeaderLabelAffinityScorer(headerName: "x-zone", labelKey: "zone")
    ),
  ]

  private static let filters: [(String, String, any Plugin)] = [
    ("decode-filter", "", DecodeFilter()), ("prefill-filter", "", PrefillFilter()),
    ("encode-filter", "", EncodeFilter()),
    (
      "by-label", "label: a, validValues: [b, c], allowsNoLabel: true",
      LabelFilter(label: "a", validValues: ["b", "c"], allowsNoLabel: true)
    ),
    (
      "label-selector-filter", "matchLabels: {a.b/c: d}",
      LabelSelectorFilter(matchLabels: ["a.b/c": "d"])
    ),
    (
      "by-label-selector",
      "matchExpressions: [{key: a, operator: NotIn, values: [b]}, {key: c, operator: Exists}]",
      LabelSelectorFilter(matchExpressions: [
        LabelExpression(key: "a", operator: .isNotIn, values: ["b"]),
        LabelExpression(key: "c", operator: .exists),
      ])
    ),
    (
      "prefix-cache-affinity-filter",
      "affinityThreshold: 0.5, explorationProbability: 0.1, maxTTFTPenaltyMs: 10, ttftSource: "
        + "prefillThroughput, peakPrefillThroughput: 20",
      PrefixCacheAffinityFilter(
        affinityThreshold: 0.5, explorationProbability: 0.1, maxTTFTPenaltyMs: 10,
        peakPrefillThroughput: 20)
    ),
    ("session-affinity-filter", "", SessionAffinityFilter()),
    (
      "utilization-filter",
      "conditions: [{metric: kv-cache-utilization, maxValue: 0.9}, {metric: waiting-queue, "
        + "maxValue: 4}], fallbackOnEmpty: true",
      UtilizationFilter(
        conditions: [
          UtilizationCondition(metric: .cacheUtilization, maxValue: 0.9),
          UtilizationCondition(metric: .waitingQueue, maxValue: 4),
        ], fallbackOnEmpty: true)
    ),
    (
      "utilization-detector",
      "queueDepthThreshold: 3, kvCacheUtilThreshold: 0.7, metricsStalenessThreshold: 1.5s, "
        + "headroom: 0.2",
      UtilizationDetector(
        queueDepthThreshold: 3, kvCacheUtilThreshold: 0.7, metricsStalenessThresholdMs: 1500,
        headroom: 0.2)
    ),
    (
      "concurrency-detector",
      "concurrencyMode: tokens, maxConcurrency: 3, maxTokenConcurrency: 4, headroom: 0.5",
      ConcurrencyDetector(
        concurrencyMode: .tokens, maxConcurrency: 3, maxTokenConcurrency: 4, headroom: 0.5)
    ),
  ]

  private static let others: [(String, String, any Plugin)] = [
    ("max-score-picker", "maxNumOfEndpoints: 3", MaxScorePicker(maxNumOfEndpoints: 3)),
    ("random-picker", "maxNumOfEndpoints: -2", RandomPicker()),
    ("weighted-random-picker", "", WeightedRandomPicker()),
    ("single-profile-handler", "", SingleProfileHandler()),
    (
      "data-parallel-profile-handler", "primaryPort: 9000",
      DataParallelProfileHandler(primaryPort: 9000)
    ),
    (
      "header-profile-handler", "headerName: X-P, defaultProfile: d",
      HeaderProfileHandler(headerName: "x-p", defaultProfile: "d")
    ),
    (
      "disagg-profile-handler", "stageOrder: prefill-first, profiles: {decode: d, encode: e}",
      DisaggProfileHandler(order: .prefillFirst, decodeProfile: "d", encodeProfile: "e")
    ),
    (
      "disagg-profile-handler", "decodeProfile: d, prefillProfile: p, encodeProfile: e",
      DisaggProfileHandler(decodeProfile: "d", prefillProfile: "p", encodeProfile: "e")
    ),
    (
      "pd-profile-handler",
      "decodeProfile: d, primaryPort: 0, prefixPluginName: x, prefixMatchInfoProducerName: ''",
      DisaggProfileHandler(decodeProfile: "d")
    ),
    (
      "prefix-based-pd-decider", "nonCachedTokens: 5, promptTokens: 6",
      PrefixBasedPDDecider(nonCachedTokens: 5, promptTokens: 6)
    ),
    ("always-disagg-pd-decider", "", AlwaysDisaggPDDecider()),
    ("always-disagg-multimodal-decider", "", AlwaysDisaggMultimodalDecider()),
    ("disagg-headers-handler", "prefillProfile: p", DisaggHeadersHandler()),
    ("models-data-source", "path: /v1/models", ModelsDataSource()),
    ("session-id-producer", "headerName: X-A", SessionIDProducer(headerName: "x-a")),
    (
      "file-discovery", "path: /e, watchFile: true", FileDiscovery(path: "/e", watchFile: true)
    ),
    ("sglanghttp-parser", "", SGLangHTTPParser()),
  ]

  @Test(arguments: [scorers, filters, others])
  func `every parameter reaches its plugin`(_ cases: [(String, String, any Plugin)]) {
    for (type, parameters, expected) in cases {
      #expect(read(type, parameters) == String(describing: expected), "\(type) {\(parameters)}")
    }
  }

  @Test func `every type is read, and none is both supported and not`() {
    for type in PluginCatalog.types {
      #expect(UnsupportedPlugins.reason(type) == nil, "\(type)")
      let description = read(type, "no-such-parameter: 1")
      let isIdle = description.hasPrefix("Models") || description.hasPrefix("DisaggHeaders")
      #expect(
        isIdle
          || description.contains("plugins[0].parameters.no-such-parameter: unknown field"),
        "\(type): \(description)")
    }
  }

  @Test func `the list of what is compatible names every type`() throws {
    let list = PickerFixture.directory.appending(path: "../../docs/COMPATIBILITY.md").standardized
    let text = try String(contentsOf: list, encoding: .utf8)
    for type in PluginCatalog.types + UnsupportedPlugins.types {
      #expect(text.contains("`\(type)`"), "\(type)")
    }
  }

  // MARK: Producers

  private func approximate(_ build: (inout ApproxPrefixCacheProducer) -> Void) -> String {
    var producer = ApproxPrefixCacheProducer()
    build(&producer)
    return String(describing: producer)
  }

  @Test func `the approximate producer's old parameters mean what they meant`() {
    let type = "approx-prefix-cache-producer"
    #expect(
      read(type, "autoTune: false, blockSizeTokens: 32, maxPrefixTokensToMatch: 64")
        == approximate {
          $0.autoTune = false
          $0.blockSizeTokens = 32
          $0.maxPrefixTokensToMatch = 64
        })
    #expect(read(type, "blockSize: 65") == approximate { $0.blockSizeTokens = 17 })
    #expect(
      read(type, "blockSize: 64, blockSizeTokens: 8") == approximate { $0.blockSizeTokens = 8 })
    #expect(read(type, "maxPrefixBlocksToMatch: 5") == approximate { _ in })
    #expect(
      read(type, "maxPrefixBlocksToMatch: 5, maxPrefixTokensToMatch: 0")
        == approximate { $0.maxPrefixTokensToMatch = 320 })
    #expect(read(type, "maxPrefixTokensToMatch: 0") == approximate { _ in })
    #expect(
      read(type, "maxPrefixBlocksToMatch: 0, maxPrefixTokensToMatch: 0")
        == approximate { $0.maxPrefixTokensToMatch = 0 })
    #expect(
      read(type, "autoTune: false, blockSizeTokens: 0").contains(
        "it has to be positive where 'autoTune' is false"))
  }

  @Test func `every parameter of the precise producer is read`() {
    var producer = PrecisePrefixCacheProducer()
    producer.blockSizeTokens = 32
    producer.hashSeed = "s"
    producer.tierWeights = ["disk": 0.5]
    producer.countsReservations = true
    producer.reservationLifetime = .milliseconds(1500)
    producer.remoteURL = "http://indexer:9300"
    producer.events.boundAddress = "tcp://*:7000"
    producer.events.topicFilter = ""
    producer.events.discoversEndpoints = false
    producer.events.port = 6000
    producer.events.replayPort = 6001
    #expect(
      read(
        "precise-prefix-cache-producer",
        """
        tokenProcessorConfig: {blockSize: 8, blockSizeTokens: 32, hashSeed: s, hashAlgorithm: xxh64},
        indexerConfig: {kvCacheBackendConfigs: [{name: DISK, weight: 0.5}],
          kvBlockIndexConfig: {costAwareMemoryConfig: {size: 2GiB}}},
        kvEventsConfig: {zmqEndpoint: "tcp://*:7000", topicFilter: "", concurrency: 8,
          engineType: sglang, discoverPods: false,
          podDiscoveryConfig: {socketPort: 6000, replaySocketPort: 6001, podNamespace: x}},
        speculativeIndexing: true, speculativeTTL: 1.5s, remote: {url: "http://indexer:9300"}
        """) == String(describing: producer))
  }

  @Test func `the producers of loads, tokens and metrics are read`() {
    var load = InFlightLoadProducer()
    load.addEstimatedOutputTokens = true
    load.outputRatio = 2
    load.maxEstimatedOutputTokens = 100
    #expect(
      read(
        "inflight-load-producer",
        "addEstimatedOutputTokens: true, outputRatio: 2, maxEstimatedOutputTokens: 100, "
          + "syncCrossReplicaState: false") == String(describing: load))
    var source = MetricsDataSource()
    source.port = 9
    source.caFile = "ca"
    source.clientCertificateFile = "c"
    source.clientKeyFile = "k"
    source.interval = .seconds(60)
    #expect(
      read(
        "metrics-data-source",
        "port: 9, caCertPath: ca, clientCertPath: c, clientKeyPath: k, interval: 1m")
        == String(describing: source))
    for (parameters, expected) in [
      ("", TokenProducer()), ("estimate: {}", TokenProducer()),
      (
        "estimate: {image: {mode: static, static: {staticToken: 5}}, video: {}}",
        TokenProducer(backend: .estimate(tokensPerImage: 5))
      ),
      (
        "estimate: {image: {dynamic: {factor: 100}, defaultResolution: {width: 10, height: 40}}}",
        TokenProducer(backend: .estimate(tokensPerImage: 4))
      ),
      (
        "modelName: m, vllm: {}",
        TokenProducer(
          backend: .vllm(
            url: "http://localhost:8000", timeout: .seconds(5), mediaTimeout: .seconds(30)),
          modelName: "m")
      ),
      (
        "endpoints: {timeout: 1s, mmTimeout: 2s}, required: true",
        TokenProducer(
          backend: .endpoints(timeout: .seconds(1), mediaTimeout: .seconds(2)), isRequired: true)
      ),
    ] {
      #expect(read("token-producer", parameters) == String(describing: expected))
    }
  }

  @Test func `every part of an engine's metrics is read`() throws {
    let text = """
      plugins:
      - type: core-metrics-extractor
        parameters:
          engineLabelKey: engine
          engineConfigs:
          - {name: e, kvUsageSpec: u, cacheInfoSpec: i, cacheBlockSizeLabelName: s,
             cacheNumBlocksLabelName: n, cacheBlockSizeSpec: 'g { a="x\\"y" , b="z" }',
             cacheNumBlocksSpec: 'h{}', customMetrics: []}
      """
    let extractor = try #require(try pickerConfiguration(text).setup.metrics?.extractor)
    var engine = EngineMetrics(name: "e")
    engine.cacheUsage = MetricSpec("u")
    engine.cacheInfo = MetricSpec("i")
    engine.blockSizeLabel = "s"
    engine.blockCountLabel = "n"
    engine.blockSize = MetricSpec(
      "g", [.init(name: "a", value: "x\"y"), .init(name: "b", value: "z")])
    engine.blockCount = MetricSpec("h")
    #expect(extractor.engines[0] == engine)
    #expect(extractor.engineLabelKey == "engine")
    #expect(extractor.defaultEngine == "vllm")
  }

  @Test func `an endpoint's engine is named by its label, or by the label of old`() {
    var extractor = CoreMetricsExtractor()
    let legacy = "inference.networking.k8s.io/engine-type"
    func engine(_ labels: [String: String]) -> String { extractor.engine(labels: labels).name }
    #expect(engine([:]) == "vllm" && engine(["llm-d.ai/engine-type": "nobody"]) == "vllm")
    #expect(engine(["llm-d.ai/engine-type": "sglang", legacy: "triton"]) == "sglang")
    #expect(engine([legacy: "triton"]) == "triton")
    extractor.engineLabelKey = "engine"
    #expect(engine([legacy: "triton"]) == "vllm" && engine(["engine": "triton"]) == "triton")
  }

  @Test func `the age at which numbers are stale is that of the strictest filter`() throws {
    func staleAfter(_ plugins: String, _ references: String) throws -> Duration? {
      try pickerConfiguration(
        """
        plugins: [\(plugins){type: max-score-picker}]
        schedulingProfiles: [{name: default, plugins: [\(references){pluginRef: max-score-picker}]}]
        """
      ).setup.metrics?.staleAfter
    }
    #expect(try staleAfter("", "") == nil)
    #expect(
      try staleAfter(
        "{type: utilization-detector, parameters: {metricsStalenessThreshold: 3s}}, "
          + "{name: b, type: utilization-detector}, ",
        "{pluginRef: utilization-detector}, ") == .seconds(3))
    #expect(
      try staleAfter(
        "{type: utilization-detector, parameters: {metricsStalenessThreshold: 3s}}, "
          + "{name: b, type: utilization-detector}, ",
        "{pluginRef: utilization-detector}, {pluginRef: b}, ") == .milliseconds(200))
  }

  @Test(arguments: [
    "", "1a", "a b", "a{", "a{b}", "a{b=c}", "a{b=\"c}", "a{b=\"c\"", "a{b=\"c\" d=\"e\"}", "a}",
    "a{=\"x\"}", "a{b=\"\\x\"}", "{a=\"b\"}",
  ]) func `what names no series is none`(_ text: String) { #expect(MetricSpec(text: text) == nil) }
}
