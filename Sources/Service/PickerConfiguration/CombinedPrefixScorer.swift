import EPPScorer

/// `precise-prefix-cache-scorer`, which is a producer and its scorer in one; it stands in a
/// configuration only while that is read.
struct CombinedPrefixScorer: Plugin {
  static let type = "precise-prefix-cache-scorer"

  var producer: PrecisePrefixCacheProducer
}

extension PluginParameters {
  /// Reads the old parameters that name the prefix plugin by its scorer.
  mutating func readLegacyPrefixPlugin() {
    let type = optional("prefixPluginType")
    let name = optional("prefixPluginName")
    for parameter in [type, name] {
      parameter?.warn("this is deprecated; use 'prefixMatchInfoProducerName'")
    }
    if let value = name ?? type, let text = value.string(), !text.isEmpty {
      legacyPrefixPlugin = Reference(text, path: value.path)
    }
  }
}

/// Takes the two deprecated ways apart in which a scorer stands for a producer.
struct LegacyPrefixPlugins {
  let reading: YAMLReading

  /// Replaces combined scorers by prefix scorers and one producer, and points the scorers of
  /// `legacy`, by name, to the producer that they mean.
  func expand(
    _ plugins: inout [EndpointPickerConfig.Declaration],
    legacy: [String: EndpointPickerConfig.Reference], root: YAMLNode
  ) {
    let producers = plugins.filter { $0.plugin is PrecisePrefixCacheProducer }
    var producerName = producers.first?.name
    for (index, declaration) in plugins.enumerated() {
      guard let combined = declaration.plugin as? CombinedPrefixScorer else { continue }
      let parameters = "\(declaration.path).parameters"
      if let producerName {
        if combined.producer != PrecisePrefixCacheProducer() {
          reading.warn(
            "these are ignored: '\(producerName)' is there, and its parameters count",
            at: root.mark(at: parameters), path: parameters)
        }
      } else {
        let name = PrecisePrefixCacheProducer.type
        plugins.append(
          EndpointPickerConfig.Declaration(name: name, combined.producer, path: declaration.path))
        producerName = name
      }
      plugins[index].plugin = PrefixCacheScorer(prefixMatchInfoProducerName: producerName)
    }
    for (index, declaration) in plugins.enumerated() {
      guard var scorer = declaration.plugin as? NoHitLRUScorer,
        scorer.prefixMatchInfoProducerName == nil, let reference = legacy[declaration.name]
      else { continue }
      switch plugins.first(where: { $0.name == reference.name })?.plugin {
      case let target as PrefixCacheScorer:
        scorer.prefixMatchInfoProducerName = target.prefixMatchInfoProducerName
      case nil where reference.name == PrefixCacheScorer.type: break
      default: scorer.prefixMatchInfoProducerName = reference.name
      }
      plugins[index].plugin = scorer
    }
  }
}
