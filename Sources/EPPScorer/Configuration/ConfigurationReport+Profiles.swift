extension ConfigurationReport {
  static func handler(_ setup: PickerSetup) -> [String] {
    let plan = setup.plan
    let name = plan.handler.name
    switch plan.handler.plugin {
    case let handler as DisaggProfileHandler:
      var lines: [String] = []
      if handler.order == .prefillFirst { lines.append("'\(handler.prefillProfile)' runs first") }
      lines.append("'\(handler.decodeProfile)' picks where the request goes")
      for (profile, decider) in [
        (handler.encodeProfile, handler.encodeDecider),
        (handler.prefillProfile, handler.prefillDecider),
      ] {
        guard let decider, let plugin = plan.deciders.first(where: { $0.name == decider }) else {
          continue
        }
        lines.append("'\(profile)' runs where \(decider) says so: \(summary(plugin.plugin, setup))")
      }
      if let port = handler.primaryPort { lines.append("the destination's port becomes \(port)") }
      return ["\(name):"] + lines.map { "  \($0)" }
    case let handler as HeaderProfileHandler:
      return [
        "\(name) runs the profile that the header \(handler.headerName) names, or "
          + "'\(handler.defaultProfile)'"
      ]
    case let handler as DataParallelProfileHandler:
      return [
        "\(name) runs '\(plan.profiles[0].name)' and sends the request to port "
          + "\(handler.primaryPort) of the host that was picked"
      ]
    default: return ["\(name) runs '\(plan.profiles[0].name)'"]
    }
  }

  static func profile(_ profile: SchedulingPlan.Profile, _ setup: PickerSetup) -> [String] {
    var lines = profile.filters.map { "keep   \($0.name): \(summary($0.plugin, setup))" }
    lines += profile.scorers.map {
      "score  \(text($0.weight)) × \($0.part.name): \(summary($0.part.plugin, setup))"
    }
    if profile.scorers.isEmpty { lines.append("score  nothing: all that are kept are equal") }
    lines.append("pick   \(profile.picker.name): \(summary(profile.picker.plugin, setup))")
    return lines
  }

  /// The producer that a plugin reads.
  private static func source(_ name: String?, _ setup: PickerSetup) -> String {
    let standard = setup.plan.defaultProducer.map { setup.plan.producers[$0] }
    return (name ?? standard).map { " (\($0))" } ?? ""
  }

  /// What a plugin of a plan does, in a clause.
  static func summary(_ plugin: any Plugin, _ setup: PickerSetup) -> String {
    if let filter = plugin as? any Filter, let text = filterSummary(filter, setup) { return text }
    if let scorer = plugin as? any Scorer { return scorerSummary(scorer, setup) }
    switch plugin {
    case let picker as any Picker: return pickerSummary(picker)
    case let decider as PrefixBasedPDDecider:
      if decider.nonCachedTokens == 0 { return "never, as 'nonCachedTokens' is 0" }
      return "\(decider.nonCachedTokens) or more tokens are not cached where it decodes, of "
        + "\(decider.promptTokens) or more" + source(nil, setup)
    case is AlwaysDisaggPDDecider: return "always"
    case is AlwaysDisaggMultimodalDecider: return "the request has media"
    default: return type(of: plugin).type
    }
  }

  private static func filterSummary(_ filter: any Filter, _ setup: PickerSetup) -> String? {
    switch filter {
    case is DecodeFilter: "endpoints that decode or have no role"
    case is PrefillFilter: "endpoints that prefill"
    case is EncodeFilter: "endpoints that encode"
    case let filter as LabelFilter:
      "endpoints with \(filter.label) in [\(filter.validValues.joined(separator: ", "))]"
        + (filter.allowsNoLabel ? ", or without it" : "")
    case let filter as LabelSelectorFilter: "endpoints with \(requirements(filter))"
    case let filter as PrefixCacheAffinityFilter:
      "endpoints that hold \(text(filter.affinityThreshold)) of the prompt or more, unless the wait "
        + "there is \(text(filter.maxTTFTPenaltyMs)) ms longer"
        + source(filter.prefixMatchInfoProducerName, setup)
    case let filter as SessionAffinityFilter: "where the session was, by \(session(filter.source))"
    case let filter as UtilizationFilter:
      "endpoints with "
        + filter.conditions.map { "\($0.metric.rawValue) up to \(text($0.maxValue))" }
        .joined(separator: " and ") + (filter.fallbackOnEmpty ? ", or all if there is none" : "")
    case is UtilizationDetector, is ConcurrencyDetector:
      "endpoints that are not saturated, or all if there is none"
    case let filter as ContextLengthAware where filter.enableFiltering:
      "endpoints whose \(filter.label) takes the prompt's length"
    case is ContextLengthAware: "all: 'enableFiltering' is false"
    default: nil
    }
  }

  private static func requirements(_ filter: LabelSelectorFilter) -> String {
    let equal = filter.matchLabels.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
    let more = filter.matchExpressions.map { expression in
      let values =
        expression.values.isEmpty ? "" : " [\(expression.values.joined(separator: ", "))]"
      return "\(expression.key) \(expression.operator.rawValue)\(values)"
    }
    return (equal + more).joined(separator: " and ")
  }

  private static func session(_ source: SessionSource) -> String {
    switch source {
    case .endpointHeader(let name): "the header \(name), which responses set"
    case .sessionID(let headers, let seconds):
      "an id in \(headers.joined(separator: " or ")), remembered for \(seconds) s"
    }
  }

  private static func scorerSummary(_ scorer: any Scorer, _ setup: PickerSetup) -> String {
    switch scorer {
    case let scorer as PrefixCacheScorer:
      return "the share of the prompt that is cached"
        + source(scorer.prefixMatchInfoProducerName, setup)
    case let scorer as NoHitLRUScorer:
      return "for prompts that nobody holds, who was longest without one"
        + source(scorer.prefixMatchInfoProducerName, setup)
    case is QueueScorer: return "few waiting requests"
    case is RunningRequestsScorer: return "few running requests"
    case is CacheUtilizationScorer: return "a free KV cache"
    case let scorer as LoadAwareScorer: return "few waiting requests, 0 from \(scorer.threshold)"
    case is LoRAAffinityScorer: return "the adapter is loaded, or fits"
    case is ActiveRequestScorer: return "few requests on their way there"
    case let scorer as TokenLoadScorer:
      return "few tokens on their way there, this prompt's uncached ones included, 0 from "
        + "\(scorer.queueThresholdTokens)"
        + source(setup.inFlightLoad.plugin.prefixMatchInfoProducerName, setup)
    case let scorer as SessionAffinityScorer:
      return "the session was there, by \(session(scorer.source))"
    case let scorer as HeaderLabelAffinityScorer:
      return "the label \(scorer.labelKey) equals the header \(scorer.headerName)"
    case let scorer as ContextLengthAware: return "\(scorer.label) is close to the prompt's length"
    default: return type(of: scorer).type
    }
  }

  private static func pickerSummary(_ picker: any Picker) -> String {
    let count = picker.maxNumOfEndpoints
    let number = count == 1 ? "one" : "\(count)"
    switch picker {
    case is MaxScorePicker: return "the best \(number), equals by lot"
    case is RandomPicker: return "any \(number)"
    case is WeightedRandomPicker: return "\(number) by lot, in proportion to the scores"
    default: return number
    }
  }
}
