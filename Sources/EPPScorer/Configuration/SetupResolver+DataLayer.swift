extension SetupResolver {
  // MARK: Metrics

  mutating func metrics() -> PickerSetup.EngineMetricsSetup? {
    var metrics: PickerSetup.EngineMetricsSetup?
    for source in config.dataLayer.sources {
      guard let declaration = resolve(source.plugin) else { continue }
      let extractors = source.extractors.compactMap { reference in
        resolve(reference).map { (reference, $0) }
      }
      switch declaration.plugin {
      case let plugin as MetricsDataSource:
        let read = extractor(of: source, extractors)
        if metrics != nil {
          reject(
            "there can be only one \(MetricsDataSource.type), and another is listed before",
            at: source.plugin.path)
        }
        metrics = PickerSetup.EngineMetricsSetup(source: plugin, extractor: read)
      case is ModelsDataSource:
        checkExtractors(extractors, of: source) { $0 is ModelsDataExtractor }
      case is EndpointNotificationSource:
        // Producers follow the endpoints by themselves; to list them changes nothing.
        checkExtractors(extractors, of: source) {
          $0 is PrecisePrefixCacheProducer || $0 is ApproxPrefixCacheProducer
            || $0 is InFlightLoadProducer || $0 is PrefixCacheScorer
        }
      default:
        reject(
          "'\(declaration.name)' is of type \(declaration.type), which is no data source",
          at: source.plugin.path)
      }
    }
    guard config.dataLayer.injectsDefaults else {
      if metrics == nil {
        warn(
          "no metrics of engines are read, so plugins that go by queues or by the KV cache know "
            + "nothing", at: "dataLayer")
      }
      return metrics
    }
    return metrics
      ?? PickerSetup.EngineMetricsSetup(
        source: standard(MetricsDataSource.type) ?? MetricsDataSource(),
        extractor: standard(CoreMetricsExtractor.type) ?? CoreMetricsExtractor())
  }

  /// The declared plugin that has its type's name.
  private mutating func standard<Part: Plugin>(_ name: String) -> Part? {
    guard let plugin = declaration(name)?.plugin as? Part else { return nil }
    use(name)
    return plugin
  }

  /// What makes sense of the metrics of a source.
  private mutating func extractor(
    of source: EndpointPickerConfig.DataLayer.Source, _ extractors: [(Reference, Declaration)]
  ) -> CoreMetricsExtractor {
    checkExtractors(extractors, of: source) { $0 is CoreMetricsExtractor }
    let found = extractors.compactMap { $1.plugin as? CoreMetricsExtractor }
    if found.count > 1 {
      reject("there can be only one \(CoreMetricsExtractor.type)", at: extractors[1].0.path)
    }
    if let first = found.first { return first }
    if source.extractors.isEmpty {
      warn(
        "'\(source.plugin.name)' has no extractor; \(CoreMetricsExtractor.type) is taken",
        at: source.plugin.path)
    }
    return standard(CoreMetricsExtractor.type) ?? CoreMetricsExtractor()
  }

  private mutating func checkExtractors(
    _ extractors: [(Reference, Declaration)], of source: EndpointPickerConfig.DataLayer.Source,
    _ fits: (any Plugin) -> Bool
  ) {
    for (reference, declaration) in extractors where !fits(declaration.plugin) {
      reject(
        "'\(reference.name)' is of type \(declaration.type), which is no extractor for "
          + "'\(source.plugin.name)'", at: reference.path)
    }
  }

  // MARK: Discovery

  mutating func discovery() -> Named<FileDiscovery>? {
    if let reference = config.dataLayer.discovery {
      return resolve(reference, as: FileDiscovery.self, "a \(FileDiscovery.type)")
    }
    guard let declared = onlyDeclared(FileDiscovery.self, FileDiscovery.type) else {
      warn(PickerSetup.discoveryAdvice, at: "")
      return nil
    }
    warn(
      "'\(declared.name)' is taken although 'dataLayer.discovery' does not name it: without "
        + "Kubernetes there is nothing else", at: declaration(declared.name)?.path ?? "")
    return declared
  }

  // MARK: Requests

  mutating func parsers() -> RequestParsers {
    guard !config.parsers.isEmpty else { return RequestParsers.standard }
    return RequestParsers(
      config.parsers.compactMap {
        resolve($0, as: (any RequestParser).self, "a parser plugin")?.plugin
      })
  }

  mutating func saturationDetector() -> Named<any Plugin> {
    guard let reference = config.saturationDetector, let declared = resolve(reference) else {
      return Named(UtilizationDetector.type, UtilizationDetector())
    }
    guard declared.plugin is UtilizationDetector || declared.plugin is ConcurrencyDetector else {
      reject(
        "'\(reference.name)' is of type \(declared.type), not a saturation detector",
        at: reference.path)
      return Named(UtilizationDetector.type, UtilizationDetector())
    }
    return Named(declared.name, declared.plugin)
  }
}
