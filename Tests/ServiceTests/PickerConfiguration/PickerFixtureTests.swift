import EPPScorer
import Foundation
import Testing

@testable import Service

@Suite struct PickerFixtureTests {
  /// A profile as `filter …`, `weight × scorer`, `picker`.
  private func outline(_ profile: SchedulingPlan.Profile) -> [String] {
    profile.filters.map { "filter \($0.name)" }
      + profile.scorers.map { "\($0.weight) × \($0.part.name)" } + [profile.picker.name]
  }

  private func outline(_ setup: PickerSetup) -> [[String]] { setup.plan.profiles.map(outline) }

  @Test func `the defaults in JSON equal what is built in`() throws {
    let read = try PickerFixture("defaults.json").configuration()
    for setup in [read.setup, try PickerSetup(.builtIn)] {
      #expect(
        outline(setup) == [
          [
            "2.0 × queue-scorer", "2.0 × kv-cache-utilization-scorer", "3.0 × prefix-cache-scorer",
            "max-score-picker",
          ]
        ])
      #expect(setup.plan.handler.name == "single-profile-handler")
      #expect(setup.plan.producers == ["approx-prefix-cache-producer"])
      #expect(setup.plan.defaultProducer == 0)
      #expect(setup.fallback == nil)
      #expect(setup.tokens.plugin == TokenProducer())
      #expect(setup.metrics?.source == MetricsDataSource())
      #expect(setup.parsers.passesUnknown)
      #expect(setup.saturationDetector.name == "utilization-detector")
      #expect(setup.discovery == nil)
    }
    #expect(
      read.warnings.map(\.description)
        == ["defaults.json:1:1: \(PickerSetup.discoveryAdvice)"])
  }

  @Test func `the layout without Kubernetes needs no warning`() throws {
    let read = try PickerFixture("approximate.yaml").configuration()
    #expect(read.warnings.isEmpty)
    #expect(
      read.setup.discovery?.plugin
        == FileDiscovery(path: "/etc/epp/endpoints.yaml", watchFile: true))
    #expect(read.setup.prefixProducers.map(\.isRead) == [true])
    #expect(read.setup.preciseProducer == nil)
  }

  @Test func `precise prefixes have an approximate stand-in`() throws {
    let read = try PickerFixture("precise.yaml").configuration()
    #expect(read.warnings.isEmpty)
    let setup = read.setup
    #expect(
      setup.plan.producers == ["precise-prefix-cache-producer", "approx-prefix-cache-producer"])
    #expect(setup.plan.defaultProducer == 0)
    #expect(setup.fallback == 1)
    #expect(setup.prefixProducers.map(\.isRead) == [true, false])
    var producer = PrecisePrefixCacheProducer()
    producer.blockSizeTokens = 16
    producer.countsReservations = true
    producer.events.port = 5557
    producer.events.replayPort = 5558
    #expect(setup.preciseProducer == producer)
    #expect(
      setup.tokens.plugin
        == TokenProducer(
          backend: .vllm(
            url: "http://127.0.0.1:8000", timeout: .seconds(5), mediaTimeout: .seconds(30)),
          modelName: "Qwen/Qwen3-8B"))
    #expect(setup.discovery?.plugin.path == "/etc/epp/endpoints.yaml")
  }

  @Test func `engines may connect to one socket`() throws {
    let setup = try PickerFixture("precise-bound.yaml").configuration().setup
    let producer = try #require(setup.preciseProducer)
    #expect(producer.events.boundAddress == "tcp://*:5557")
    #expect(!producer.events.discoversEndpoints)
    #expect(producer.blockSizeTokens == 64)
    #expect(producer.hashSeed == "42")
  }

  @Test func `the guide as it is now is understood as it means`() throws {
    let read = try PickerFixture("precise-guide.yaml").configuration()
    #expect(
      read.warnings.map(\.description) == [
        "precise-guide.yaml:22:24: plugins[3].parameters.indexerConfig.kvBlockIndexConfig."
          + "enableMetrics: this has no effect here: the index is always measured",
        "precise-guide.yaml:26:20: plugins[3].parameters.kvEventsConfig.concurrency: this has no "
          + "effect here: one thread applies events faster than engines send them",
      ])
    let setup = read.setup
    #expect(
      outline(setup) == [
        ["filter prefix-cache-affinity-filter", "1.0 × token-load-scorer", "max-score-picker"]
      ])
    #expect(setup.plan.inFlightProducer == 0)
    #expect(
      setup.inFlightLoad.plugin.prefixMatchInfoProducerName == "precise-prefix-cache-producer")
    let filter = setup.plan.profiles[0].filters[0].plugin as? PrefixCacheAffinityFilter
    #expect(filter?.peakPrefillThroughput == 21_000)
    #expect(setup.preciseProducer?.events.port == 5556)
    #expect(setup.preciseProducer?.events.replayPort == nil)
  }

  @Test func `a producer and its scorer in one are taken apart`() throws {
    let read = try PickerFixture("precise-scorer.yaml").configuration()
    let setup = read.setup
    #expect(
      outline(setup) == [
        [
          "filter decode-filter", "3.0 × precise-prefix-cache-scorer",
          "2.0 × kv-cache-utilization-scorer", "2.0 × queue-scorer", "2.0 × no-hit-lru-scorer",
          "max-score-picker",
        ]
      ])
    #expect(
      setup.plan.producers == ["precise-prefix-cache-producer", "approx-prefix-cache-producer"])
    let scorers = setup.plan.profiles[0].scorers.map(\.part.plugin)
    #expect(
      (scorers[0] as? PrefixCacheScorer)?.prefixMatchInfoProducerName
        == "precise-prefix-cache-producer")
    #expect(
      (scorers[3] as? NoHitLRUScorer)?.prefixMatchInfoProducerName
        == "precise-prefix-cache-producer")
    #expect(setup.preciseProducer?.blockSizeTokens == 64)
    #expect(setup.tokens.name == "tokenizer")
    let places = read.warnings.map { "\($0.mark?.line ?? 0) \($0.path)" }
    #expect(
      places == [
        "2 apiVersion", "7 plugins[1].type", "13 plugins[4].type",
        "15 plugins[4].parameters.tokenProcessorConfig.blockSize",
        "18 plugins[4].parameters.indexerConfig.kvBlockIndexConfig.inMemoryConfig.size",
        "18 plugins[4].parameters.indexerConfig.kvBlockIndexConfig.inMemoryConfig.podCacheSize",
        "19 plugins[4].parameters.indexerConfig.kvBlockIndexConfig.enableMetrics",
        "20 plugins[4].parameters.indexerConfig.kvBlockIndexConfig.metricsLoggingInterval",
        "24 plugins[4].parameters.kvEventsConfig.concurrency",
        "30 plugins[7].parameters.prefixPluginType", "31 plugins[7].parameters.prefixPluginName",
      ])
  }

  @Test func `a tokenizer beside the picker is refused with what to write instead`() throws {
    let fixture = try PickerFixture("precise-scorer-uds.yaml")
    let error = #expect(throws: YAMLError.self) { try fixture.configuration() }
    func advice(_ model: String) -> String {
      "this is not supported here: tokens come from a renderer, which knows the chat template that "
        + "the engine uses; in place of it write '- {type: token-producer, parameters: {modelName: "
        + "\(model), vllm: {url: \"http://HOST:8000\"}}}' with the address of a vLLM that was "
        + "started with --enable-scale-out, or 'endpoints: {}' for 'vllm' to have the endpoints "
        + "themselves asked"
    }
    #expect(
      error?.faults.map(\.description) == [
        "precise-scorer-uds.yaml:10:25: plugins[1].parameters.udsTokenizerConfig: "
          + advice("Qwen/Qwen3-32B"),
        "precise-scorer-uds.yaml:17:29: plugins[4].parameters.indexerConfig.tokenizersPoolConfig: "
          + advice("MODEL"),
      ])
  }

  @Test func `a request is divided by a decider that reads the precise producer`() throws {
    let read = try PickerFixture("disaggregated.yaml").configuration()
    #expect(read.warnings.isEmpty)
    let plan = read.setup.plan
    #expect(plan.profiles.map(\.name) == ["prefill", "decode"])
    #expect(plan.deciders.map(\.name) == ["prefix-based-pd-decider"])
    #expect(
      (plan.deciders[0].plugin as? PrefixBasedPDDecider)?.nonCachedTokens == 512)
    #expect(plan.defaultProducer == 0)
    #expect(plan.producers[0] == "precise-prefix-cache-producer")
  }

  @Test func `what was written before means the same`() throws {
    let read = try PickerFixture("disaggregated-old.yaml").configuration()
    let plan = read.setup.plan
    let handler = try #require(plan.handler.plugin as? DisaggProfileHandler)
    #expect(handler.primaryPort == 8000)
    #expect(handler.prefillDecider == "always-disagg-pd-decider")
    #expect(plan.handler.name == "pd-profile-handler")
    // The first picker of the file stands in, not just any.
    #expect(plan.profiles.map(\.picker.name) == ["random-picker", "max-score-picker"])
    var producer = ApproxPrefixCacheProducer()
    producer.autoTune = false
    producer.blockSizeTokens = 64
    producer.lruCapacityPerServer = 62_500
    #expect(read.setup.prefixProducers.map(\.kind) == [.approximate(producer)])
    #expect(
      read.warnings.map(\.path) == [
        "apiVersion", "plugins[1].parameters", "plugins[3].parameters.blockSize", "plugins[4].type",
        "plugins[7].type",
      ])
  }

  @Test func `without profiles one is made of all filters, scorers and pickers`() throws {
    let read = try PickerFixture("data-parallel.yaml").configuration()
    #expect(read.warnings.isEmpty)
    #expect(
      outline(read.setup) == [
        [
          "1.0 × running-requests-size-scorer", "1.0 × load-aware-scorer", "weighted-random-picker",
        ]
      ])
    #expect(read.setup.plan.profiles[0].name == "default")
    #expect(read.setup.plan.handler.plugin is DataParallelProfileHandler)
  }

  @Test func `engines of one's own are read by their series`() throws {
    let read = try PickerFixture("lora.yaml").configuration()
    #expect(read.warnings.map(\.path) == ["saturationDetector"])
    let metrics = try #require(read.setup.metrics)
    #expect(metrics.source.scheme == "https")
    #expect(metrics.source.interval == .milliseconds(100))
    #expect(!metrics.source.insecureSkipVerify)
    #expect(metrics.extractor.defaultEngine == "mine")
    let engine = metrics.extractor.engines[0]
    #expect(
      engine.waitingRequests == MetricSpec("requests", [.init(name: "state", value: "waiting")]))
    #expect(engine.adapters == MetricSpec("vllm:lora_requests_info"))
    #expect(metrics.extractor.engines.count == 1 + EngineMetrics.builtIn.count)
    #expect(
      (read.setup.saturationDetector.plugin as? ConcurrencyDetector)?.concurrencyMode == .hybrid)
    #expect(!read.setup.parsers.passesUnknown)
  }

  @Test func `sessions are known by the header that their producer reads`() throws {
    let fixture = try PickerFixture("session.yaml")
    let setup = try fixture.configuration(experimental: true).setup
    let scorer = setup.plan.profiles[0].scorers[0].part.plugin as? SessionAffinityScorer
    #expect(
      scorer?.source
        == .sessionID(headers: ["x-client-session", "x-session-id"], timeToLiveSeconds: 600))
    let filter = setup.plan.profiles[0].filters[0].plugin as? SessionAffinityFilter
    #expect(filter?.source == .endpointHeader("x-session-token"))

    let error = #expect(throws: YAMLError.self) { try fixture.configuration() }
    #expect(
      error?.faults.first?.description
        == "session.yaml:7:9: plugins[1].type: plugin 'session-affinity-scorer' of type "
        + "'session-affinity-scorer' has Alpha stability level, but command line flag "
        + "--allow-experimental-plugins is not set")
    #expect(error?.faults.count == 2)
  }

  @Test(arguments: ["precise-guide.yaml", "disaggregated-old.yaml", "session.yaml"])
  func `the report tells what will happen`(_ name: String) throws {
    let read = try PickerFixture(name).configuration(experimental: true)
    let report = ConfigurationReport(read.setup, warnings: read.warnings.map(\.description))
    let golden = PickerFixture.directory.appending(path: "reports/\(name).txt")
    if ProcessInfo.processInfo.environment["KV_WRITE_FIXTURES"] != nil {
      try Data(report.text.utf8).write(to: golden)
    }
    let expected = try String(contentsOf: golden, encoding: .utf8)
    #expect(report.text == expected)
  }
}
