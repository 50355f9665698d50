import EPPScorer
import Testing

@Suite struct PickerSetupTests {
  private typealias Declaration = EndpointPickerConfig.Declaration
  private typealias Reference = EndpointPickerConfig.Reference

  private func setup(_ plugins: [Declaration]) throws(ConfigurationError) -> PickerSetup {
    var config = EndpointPickerConfig()
    config.plugins = plugins
    return try PickerSetup(config)
  }

  private func producers(_ plugins: [Declaration]) throws -> [String] {
    let setup = try setup(plugins)
    return setup.prefixProducers.enumerated().map { index, producer in
      let kind = if case .precise = producer.kind { "precise" } else { "approximate" }
      let notes = [
        index == setup.plan.defaultProducer ? "default" : nil, producer.isRead ? "read" : nil,
        index == setup.fallback ? "fallback" : nil,
      ].compactMap(\.self)
      return "\(producer.name) \(kind) \(notes.joined(separator: " "))"
    }
  }

  @Test func `who names no producer reads the only one there is`() throws {
    let scorer = Declaration(PrefixCacheScorer())
    #expect(
      try producers([scorer]) == ["approx-prefix-cache-producer approximate default read"])
    #expect(
      try producers([scorer, Declaration(name: "mine", ApproxPrefixCacheProducer())])
        == ["mine approximate default read"])
    #expect(
      try producers([scorer, Declaration(PrecisePrefixCacheProducer())]) == [
        "precise-prefix-cache-producer precise default read",
        "approx-prefix-cache-producer approximate fallback",
      ])
  }

  @Test func `of several producers the one with the usual name is the default`() throws {
    let scorer = Declaration(PrefixCacheScorer())
    let precise = Declaration(name: "p", PrecisePrefixCacheProducer())
    #expect(
      try producers([scorer, precise, Declaration(name: "a", ApproxPrefixCacheProducer())]) == [
        "p precise ", "a approximate fallback",
        "approx-prefix-cache-producer approximate default read",
      ])
    // The name is what deciders of llm-d read, whatever has it.
    #expect(
      try producers([
        scorer, Declaration(name: "approx-prefix-cache-producer", PrecisePrefixCacheProducer()),
      ]) == [
        "approx-prefix-cache-producer precise default read",
        "approx-prefix-cache-producer-fallback approximate fallback",
      ])
  }

  @Test func `a scorer that names the usual producer gets it`() throws {
    let usual = "approx-prefix-cache-producer"
    #expect(
      try producers([
        Declaration(PrefixCacheScorer(prefixMatchInfoProducerName: usual)),
        Declaration(name: "cpu-prefix-cache-producer", ApproxPrefixCacheProducer()),
        Declaration(
          name: "cpu",
          PrefixCacheScorer(prefixMatchInfoProducerName: "cpu-prefix-cache-producer")),
      ]) == [
        "cpu-prefix-cache-producer approximate default read", "\(usual) approximate read",
      ])
  }

  @Test func `nobody who reads prefixes means no producer`() throws {
    #expect(try producers([Declaration(QueueScorer())]) == [])
    #expect(try producers([Declaration(TokenLoadScorer())]).count == 1)
  }

  @Test func `precise prefixes without tokens are rendered by the endpoints`() throws {
    let setup = try setup([
      Declaration(PrefixCacheScorer()), Declaration(PrecisePrefixCacheProducer()),
    ])
    #expect(setup.tokens.plugin.backend == .standardEndpoints)
    #expect(setup.warnings.contains { $0.message.contains("nothing would ever match") })
  }

  @Test func `an estimate for precise prefixes is warned of`() throws {
    let setup = try setup([
      Declaration(PrecisePrefixCacheProducer()), Declaration(TokenProducer()),
    ])
    #expect(setup.tokens.plugin == TokenProducer())
    #expect(setup.warnings.contains { $0.message.contains("text is only estimated") })
  }

  @Test func `a profile without a picker takes the first of the file`() throws {
    let plugins = [
      Declaration(QueueScorer()), Declaration(name: "w", WeightedRandomPicker()),
      Declaration(RandomPicker()),
    ]
    var config = EndpointPickerConfig()
    config.plugins = plugins
    config.profiles = [.init("a", [(Reference("queue-scorer"), nil)])]
    let setup = try PickerSetup(config)
    #expect(setup.plan.profiles[0].picker.name == "w")
    #expect(setup.plan.profiles[0].scorers[0].weight == 1)
    #expect(
      setup.warnings.map(\.message).contains("'random-picker' is declared and nothing uses it"))
  }

  @Test func `metrics are read unless nobody is to`() throws {
    var config = EndpointPickerConfig.builtIn
    #expect(try PickerSetup(config).metrics != nil)
    config.dataLayer.injectsDefaults = false
    #expect(try PickerSetup(config).metrics == nil)
    var source = MetricsDataSource()
    source.path = "/m"
    config.plugins.append(Declaration(name: "own", source))
    config.dataLayer.sources = [.init(Reference("own"))]
    #expect(try PickerSetup(config).metrics?.source == source)
    config.dataLayer.injectsDefaults = true
    #expect(try PickerSetup(config).metrics?.source == source)
  }

  @Test func `every fault is told at once`() {
    var config = EndpointPickerConfig()
    config.plugins = [Declaration(QueueScorer(), path: "plugins[0]")]
    config.profiles = [.init("a", [(Reference("x"), nil)]), .init("b", [])]
    config.parsers = [Reference("queue-scorer", path: "parsers[0]")]
    let error = #expect(throws: ConfigurationError.self) { try PickerSetup(config) }
    #expect(error?.faults.count == 3)
    #expect(
      error?.faults.last?.description
        == "parsers[0]: 'queue-scorer' is of type queue-scorer, not a parser plugin")
  }
}

@Suite struct RequestParsersTests {
  @Test(arguments: [
    ("/v1/completions", RequestParsers.Treatment.prompt(.completions)),
    ("/openai/v1/chat/completions/?a=b", .prompt(.chatCompletions)),
    ("/v1/responses", .prompt(.responses)), ("/v1/messages", .prompt(.messages)),
    ("/v1/messages/count_tokens", .opaque), ("/v1/completions/render", .opaque),
    ("/v1/embeddings", .opaque), ("/inference/v1/generate", .prompt(.generate)),
    ("/generate", .opaque), ("/foo-completions", .opaque), ("/", .opaque), ("", .opaque),
  ]) func `the longest known end of a path decides`(
    _ path: String, _ treatment: RequestParsers.Treatment
  ) {
    #expect(RequestParsers.standard.treatment(ofPath: path) == treatment)
  }

  @Test func `without the parser that lets pass, unknown paths are refused`() {
    let parsers = RequestParsers([SGLangHTTPParser()])
    #expect(parsers.treatment(ofPath: "/generate") == .prompt(.sglangGenerate))
    #expect(parsers.treatment(ofPath: "/v1/completions") == .refused)
    #expect(!parsers.passesUnknown)
  }
}
