/// What a configuration comes to once its defaults are filled in: all that a picker is built from.
public struct PickerSetup: Sendable {
  /// Where prefix hits come from.
  public struct PrefixProducer: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      case approximate(ApproxPrefixCacheProducer)
      case precise(PrecisePrefixCacheProducer)
    }

    public var name: String
    public var kind: Kind
    /// Whether a filter, a scorer, a decider or the in-flight load reads its hits; one that nobody
    /// reads is there to stand in for the precise one.
    public var isRead: Bool
  }

  /// How the load of engines is learned.
  public struct EngineMetricsSetup: Equatable, Sendable {
    public var source: MetricsDataSource
    public var extractor: CoreMetricsExtractor
    /// The age at which a filter takes numbers for stale, the least where there are several; nil
    /// where none does.
    public var staleAfter: Duration?
  }

  public var plan: SchedulingPlan
  public var tokens: SchedulingPlan.Named<TokenProducer>
  /// In the order of the plan's `producers`; at most one is precise.
  public var prefixProducers: [PrefixProducer]
  /// The approximate producer that stands in where the precise one does not know: an index into
  /// `prefixProducers`, and nil exactly if none of them is precise.
  public var fallback: Int?
  public var inFlightLoad: SchedulingPlan.Named<InFlightLoadProducer>
  /// Nil when the configuration wants no metrics to be read.
  public var metrics: EngineMetricsSetup?
  /// Nil when the configuration does not say where endpoints come from.
  public var discovery: SchedulingPlan.Named<FileDiscovery>?
  public var parsers: RequestParsers
  public var saturationDetector: SchedulingPlan.Named<any Plugin>
  /// What is odd and does no harm.
  public var warnings: [ConfigurationFinding]

  /// The precise producer; nil when prefixes are approximated only.
  public var preciseProducer: PrecisePrefixCacheProducer? {
    for producer in prefixProducers {
      if case .precise(let precise) = producer.kind { return precise }
    }
    return nil
  }

  /// What a configuration without discovery lacks.
  public static let discoveryAdvice =
    "no discovery is configured, and without Kubernetes the endpoints come from a file: declare "
    + "'- type: file-discovery' with 'parameters: {path: FILE}' under 'plugins', and "
    + "'discovery: {pluginRef: file-discovery}' under 'dataLayer'"

  /// Fills in defaults and puts the parts together.
  ///
  /// - Throws: `ConfigurationError` with every fault.
  public init(_ config: EndpointPickerConfig) throws(ConfigurationError) {
    var resolver = SetupResolver(config)
    resolver.checkNames()
    let profiles = resolver.profiles()
    let handler = resolver.handler(profiles)
    let deciders = resolver.deciders(of: handler)
    resolver.resolvePrefixProducers()
    tokens = resolver.tokenProducer()
    inFlightLoad = resolver.inFlightLoadProducer()
    metrics = resolver.metrics()
    discovery = resolver.discovery()
    parsers = resolver.parsers()
    saturationDetector = resolver.saturationDetector()
    prefixProducers = resolver.prefixProducers
    fallback = resolver.fallback
    plan = SchedulingPlan(
      profiles: profiles, handler: handler, deciders: deciders,
      producers: prefixProducers.map(\.name), defaultProducer: resolver.defaultProducer,
      inFlightProducer: inFlightLoad.plugin.prefixMatchInfoProducerName.flatMap {
        resolver.prefixProducer($0)
      })
    metrics?.staleAfter = plan.profiles.flatMap(\.filters)
      .compactMap { ($0.plugin as? UtilizationDetector)?.metricsStalenessThresholdMs }.min()
      .map { .milliseconds($0) }
    resolver.checkHandler(of: plan)
    resolver.warnOfUnused()
    let faults = resolver.findings.filter { $0.severity == .fault }
    guard faults.isEmpty else { throw ConfigurationError(faults) }
    warnings = resolver.findings
  }
}
