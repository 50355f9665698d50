import EPPScorer

extension PickerConfigurationReader {
  // MARK: Data layer

  mutating func readDataLayer(_ value: YAMLValue?) {
    guard var fields = value?.fields() else { return }
    if let injects = fields.optional("injectDefaults")?.bool() {
      config.dataLayer.injectsDefaults = injects
    }
    let sources = fields.optional("sources")?.list() ?? []
    config.dataLayer.sources = sources.compactMap { Self.source($0) }
    config.dataLayer.discovery = Self.discovery(fields.optional("discovery"))
    for name in ["peerDiscovery", "crossReplicaSyncerPluginRef"] {
      fields.optional(name)?.reject(
        "this is not supported here: replicas exchange no state; with precise prefixes each of "
          + "them learns from the engines what the others did")
    }
    fields.optional("crossReplicaSyncInterval")?.warn(
      "this has no effect here: replicas exchange no state")
    fields.rejectUnknown()
  }

  private static func source(_ value: YAMLValue) -> EndpointPickerConfig.DataLayer.Source? {
    guard var fields = value.fields() else { return nil }
    let plugin = reference(&fields)
    let extractors = fields.optional("extractors")?.list()?.compactMap { reference($0) } ?? []
    fields.rejectUnknown()
    return plugin.map { EndpointPickerConfig.DataLayer.Source($0, extractors: extractors) }
  }

  /// `{pluginRef: x}`, or `{endpoints: {pluginRef: x}}`.
  private static func discovery(_ value: YAMLValue?) -> Reference? {
    guard let value, var fields = value.fields() else { return nil }
    let endpoints = fields.optional("endpoints")
    guard let endpoints else { return reference(value) }
    fields.optional("pluginRef")?.reject("'endpoints' stands beside it; use one of them")
    fields.rejectUnknown()
    return reference(endpoints)
  }

  // MARK: Requests

  mutating func readRequestHandler(_ value: YAMLValue?) {
    guard var fields = value?.fields() else { return }
    config.parsers =
      fields.optional("parsers")?.list()?.compactMap { Self.reference($0) } ?? []
    fields.rejectUnknown()
  }

  /// What stood at the top level once.
  mutating func readDeprecated(detector: YAMLValue?, parser: YAMLValue?) {
    if let detector {
      detector.warn("this is deprecated; write it under 'flowControl'")
      let reference = Self.reference(detector)
      if let newer = config.saturationDetector, newer.name != reference?.name {
        detector.reject("'flowControl.saturationDetector' says '\(newer.name)'")
      }
      config.saturationDetector = config.saturationDetector ?? reference
    }
    if let parser {
      parser.warn("this is deprecated; write it under 'requestHandler.parsers'")
      let reference = Self.reference(parser)
      if !config.parsers.isEmpty {
        parser.reject("'requestHandler.parsers' is there, too; use it alone")
      }
      config.parsers = reference.map { [$0] } ?? []
    }
  }

  // MARK: Flow control

  /// Checks the form of a section that has no effect, but for the detector.
  mutating func readFlowControl(_ value: YAMLValue?) {
    guard let value, var fields = value.fields() else { return }
    config.saturationDetector = Self.reference(fields.optional("saturationDetector"))
    var hasMore = false
    func seen(_ value: YAMLValue?) -> YAMLValue? {
      if value != nil { hasMore = true }
      return value
    }
    for name in ["maxBytes", "maxRequests"] { _ = seen(fields.optional(name))?.quantity() }
    for name in ["defaultRequestTTL", "noEndpointRequestTTL"] {
      _ = seen(fields.optional(name))?.duration()
    }
    for name in ["defaultPriorityBand", "defaultNegativePriorityBand"] {
      if let band = seen(fields.optional(name)) { Self.checkBand(band, isNumbered: false) }
    }
    for band in seen(fields.optional("priorityBands"))?.list() ?? [] {
      Self.checkBand(band, isNumbered: true)
    }
    _ = seen(fields.optional("usageLimitPolicyPluginRef"))?.string()
    _ = seen(fields.optional("enableEviction"))?.bool()
    fields.rejectUnknown()
    if hasMore {
      value.warn(
        "this has no effect without the feature gate flowControl, which is not supported; only "
          + "'saturationDetector' is read")
    }
  }

  private static func checkBand(_ value: YAMLValue, isNumbered: Bool) {
    guard var fields = value.fields() else { return }
    if isNumbered {
      _ = fields.required("priority")?.integer(in: Int(Int32.min)...Int(Int32.max))
    }
    for name in ["maxBytes", "maxRequests"] { _ = fields.optional(name)?.quantity() }
    for name in ["fairnessPolicyRef", "orderingPolicyRef"] { _ = fields.optional(name)?.string() }
    fields.rejectUnknown()
  }
}
