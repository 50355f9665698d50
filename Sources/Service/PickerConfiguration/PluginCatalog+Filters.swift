import EPPScorer

extension PluginCatalog {
  static let filters: [String: Entry] = [
    DecodeFilter.type: bare(DecodeFilter()),
    PrefillFilter.type: bare(PrefillFilter()),
    EncodeFilter.type: bare(EncodeFilter()),
    LabelFilter.type: Entry(deprecation: "use label-selector-filter") { parameters in
      var filter = LabelFilter(label: parameters.requiredText("label") ?? "")
      filter.validValues = parameters.texts("validValues")
      parameters.read("allowsNoLabel", into: &filter.allowsNoLabel)
      if filter.validValues.isEmpty, !filter.allowsNoLabel {
        parameters.value.reject("without 'validValues' and 'allowsNoLabel' it keeps no endpoint")
      }
      return filter
    },
    LabelSelectorFilter.type: Entry { labelSelector(&$0) },
    "by-label-selector": Entry { labelSelector(&$0) },
    PrefixCacheAffinityFilter.type: Entry { prefixCacheAffinityFilter(&$0) },
    SessionAffinityFilter.type: Entry(isAlpha: true) {
      SessionAffinityFilter(source: sessionSource(&$0, SessionAffinityFilter().source))
    },
  ]

  private static func labelSelector(_ parameters: inout PluginParameters) -> LabelSelectorFilter {
    var filter = LabelSelectorFilter()
    for (key, value) in parameters.optional("matchLabels")?.fields()?.all() ?? [] {
      filter.matchLabels[key] = value.string()
    }
    filter.matchExpressions =
      parameters.optional("matchExpressions")?.list()?.compactMap { labelExpression($0) } ?? []
    return filter
  }

  private static func labelExpression(_ value: YAMLValue) -> LabelExpression? {
    guard var parameters = PluginParameters(value) else { return nil }
    let key = parameters.requiredText("key")
    let isThere = parameters.required("operator") != nil
    let kind = isThere ? parameters.choice("operator", LabelExpression.Operator.self) : nil
    let values = parameters.texts("values")
    parameters.finish()
    guard let key, let kind else { return nil }
    let wantsValues = kind == .isIn || kind == .isNotIn
    if wantsValues == values.isEmpty {
      value.reject(
        wantsValues
          ? "'\(kind.rawValue)' needs 'values'" : "'\(kind.rawValue)' takes no 'values'")
    }
    return LabelExpression(key: key, operator: kind, values: values)
  }

  private enum TTFTSource: String, CaseIterable {
    case prefillThroughput
    case latencyPredictor
  }

  private static func prefixCacheAffinityFilter(
    _ parameters: inout PluginParameters
  ) -> PrefixCacheAffinityFilter {
    var filter = PrefixCacheAffinityFilter()
    parameters.read("affinityThreshold", into: &filter.affinityThreshold, in: -1...1)
    parameters.read("explorationProbability", into: &filter.explorationProbability, in: 0...1)
    parameters.read("maxTTFTPenaltyMs", into: &filter.maxTTFTPenaltyMs)
    parameters.read(
      "peakPrefillThroughput", into: &filter.peakPrefillThroughput,
      in: .leastNonzeroMagnitude ... .greatestFiniteMagnitude)
    parameters.read("prefixMatchInfoProducerName", into: &filter.prefixMatchInfoProducerName)
    parameters.need(.inFlightLoad, "inFlightLoadProducerName")
    if parameters.choice("ttftSource", TTFTSource.self) == .latencyPredictor {
      parameters.refuse(
        "ttftSource",
        "no latencies are predicted; use 'prefillThroughput' with 'peakPrefillThroughput'")
    }
    return filter
  }

  static let loadFilters: [String: Entry] = [
    UtilizationFilter.type: Entry(isAlpha: true) { parameters in
      var filter = UtilizationFilter()
      filter.conditions =
        parameters.required("conditions")?.list()?.compactMap { utilizationCondition($0) } ?? []
      parameters.read("fallbackOnEmpty", into: &filter.fallbackOnEmpty)
      return filter
    },
    UtilizationDetector.type: Entry { parameters in
      var detector = UtilizationDetector()
      parameters.read("queueDepthThreshold", into: &detector.queueDepthThreshold, in: 1...Int.max)
      parameters.read("kvCacheUtilThreshold", into: &detector.kvCacheUtilThreshold, in: 0...1)
      var age = Duration.milliseconds(detector.metricsStalenessThresholdMs)
      parameters.read("metricsStalenessThreshold", into: &age)
      detector.metricsStalenessThresholdMs = Int((age / .milliseconds(1)).rounded(.up))
      parameters.read("headroom", into: &detector.headroom)
      return detector
    },
    ConcurrencyDetector.type: Entry { parameters in
      var detector = ConcurrencyDetector()
      if let mode = parameters.choice("concurrencyMode", ConcurrencyDetector.Mode.self) {
        detector.concurrencyMode = mode
      }
      parameters.read("maxConcurrency", into: &detector.maxConcurrency, in: 1...Int.max)
      parameters.read("maxTokenConcurrency", into: &detector.maxTokenConcurrency, in: 1...Int.max)
      parameters.read("headroom", into: &detector.headroom)
      parameters.need(.inFlightLoad, "inFlightLoadProducerName")
      return detector
    },
  ]

  private static func utilizationCondition(_ value: YAMLValue) -> UtilizationCondition? {
    guard var parameters = PluginParameters(value) else { return nil }
    let isThere = parameters.required("metric") != nil
    let metric = isThere ? parameters.choice("metric", UtilizationCondition.Metric.self) : nil
    let limit = metric == .cacheUtilization ? 1 : Double.greatestFiniteMagnitude
    let maxValue = parameters.required("maxValue")?.number(in: 0...limit)
    parameters.finish()
    guard let metric, let maxValue else { return nil }
    return UtilizationCondition(metric: metric, maxValue: maxValue)
  }
}
