import EPPScorer
import Tokenize

extension PluginCatalog {
  static let dataSources: [String: Entry] = [
    FileDiscovery.type: Entry { parameters in
      guard let path = parameters.requiredText("path") else { return nil }
      var discovery = FileDiscovery(path: path)
      parameters.read("watchFile", into: &discovery.watchFile)
      return discovery
    },
    EndpointNotificationSource.type: bare(EndpointNotificationSource()),
    ModelsDataSource.type: idle(
      ModelsDataSource(), "nothing reads the models of endpoints for scheduling"),
    ModelsDataExtractor.type: idle(
      ModelsDataExtractor(), "nothing reads the models of endpoints for scheduling"),
    MetricsDataSource.type: Entry { metricsDataSource(&$0) },
    CoreMetricsExtractor.type: Entry { coreMetricsExtractor(&$0) },
  ]

  private enum Scheme: String, CaseIterable { case http, https }

  private static func metricsDataSource(_ parameters: inout PluginParameters) -> MetricsDataSource {
    var source = MetricsDataSource()
    if let scheme = parameters.choice("scheme", Scheme.self) { source.scheme = scheme.rawValue }
    parameters.read("path", into: &source.path)
    if !source.path.hasPrefix("/") {
      parameters.optional("path")?.reject("it has to begin with '/'")
    }
    var port: Int?
    parameters.read("port", into: &port, in: 1...65_535)
    source.port = port.map { UInt16($0) }
    parameters.read("insecureSkipVerify", into: &source.insecureSkipVerify)
    parameters.read("caCertPath", into: &source.caFile)
    parameters.read("clientCertPath", into: &source.clientCertificateFile)
    parameters.read("clientKeyPath", into: &source.clientKeyFile)
    if (source.clientCertificateFile == nil) != (source.clientKeyFile == nil) {
      parameters.value.reject("'clientCertPath' and 'clientKeyPath' belong together")
    }
    if let value = parameters.optional("interval"), let interval = value.duration() {
      if interval == .zero { value.reject("it has to be positive") }
      source.interval = interval
    }
    return source
  }

  // MARK: Extractor

  private static func coreMetricsExtractor(
    _ parameters: inout PluginParameters
  ) -> CoreMetricsExtractor {
    var extractor = CoreMetricsExtractor()
    parameters.read("engineLabelKey", into: &extractor.engineLabelKey)
    let engines = parameters.optional("engineConfigs")?.list()?.compactMap { engine($0) } ?? []
    extractor.engines = engines + extractor.engines
    parameters.read("defaultEngine", into: &extractor.defaultEngine)
    let names = extractor.engines.map(\.name)
    if !names.contains(extractor.defaultEngine) {
      let nearest = nearestName(to: extractor.defaultEngine, among: names)
      parameters.optional("defaultEngine")?.reject(
        "there is no engine '\(extractor.defaultEngine)'; "
          + (nearest.map { "did you mean '\($0)'?" }
            ?? "the engines are \(names.joined(separator: ", "))"))
    }
    return extractor
  }

  private static func engine(_ value: YAMLValue) -> EngineMetrics? {
    guard var parameters = PluginParameters(value) else { return nil }
    let name = parameters.requiredText("name")
    var engine = EngineMetrics(name: name ?? "")
    engine.waitingRequests = parameters.metric("queuedRequestsSpec")
    engine.runningRequests = parameters.metric("runningRequestsSpec")
    engine.cacheUsage = parameters.metric("kvUsageSpec")
    engine.adapters = parameters.metric("loraSpec")
    engine.cacheInfo = parameters.metric("cacheInfoSpec")
    parameters.read("cacheBlockSizeLabelName", into: &engine.blockSizeLabel)
    parameters.read("cacheNumBlocksLabelName", into: &engine.blockCountLabel)
    engine.blockSize = parameters.metric("cacheBlockSizeSpec")
    engine.blockCount = parameters.metric("cacheNumBlocksSpec")
    parameters.ignore("customMetrics", "no plugin reads metrics of one's own")
    parameters.finish()
    return name == nil ? nil : engine
  }
}

extension PluginParameters {
  /// A series in the form `name` or `name{label="value"}`; an empty text counts as absent.
  fileprivate mutating func metric(_ name: String) -> MetricSpec? {
    guard let value = optional(name), let text = value.string(), !text.isEmpty else { return nil }
    guard let spec = MetricSpec(text: text) else {
      value.reject("expected a metric such as name or name{label=\"value\"}, not '\(text)'")
      return nil
    }
    return spec
  }
}
