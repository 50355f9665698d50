import EPPScorer

/// Every plugin type that configurations can name, and how its parameters are read.
struct PluginCatalog {
  struct Entry: Sendable {
    /// Whether llm-d wants `--allow-experimental-plugins` for it.
    var isAlpha = false
    /// What to write in its place.
    var deprecation: String?
    /// Nil when parameters are missing that have no default.
    var read: @Sendable (inout PluginParameters) -> (any Plugin)?
  }

  static let entries: [String: Entry] = [
    scorers, affinityScorers, filters, loadFilters, pickers, handlers, deciders, prefixProducers,
    otherProducers, dataSources, parsers,
  ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

  static let types = entries.keys.sorted()

  /// A plugin without parameters.
  static func bare(_ plugin: some Plugin, deprecation: String? = nil) -> Entry {
    Entry(deprecation: deprecation) { _ in plugin }
  }

  /// A plugin that has no effect here, whatever its parameters.
  static func idle(_ plugin: some Plugin, _ reason: String) -> Entry {
    Entry { parameters in
      parameters.value.reading.warn(
        "this plugin has no effect here: \(reason)", at: parameters.value.node.mark,
        path: parameters.value.path)
      parameters.ignoreRest()
      return plugin
    }
  }

  static let parsers: [String: Entry] = [
    OpenAIParser.type: bare(OpenAIParser()),
    AnthropicParser.type: bare(AnthropicParser()),
    VLLMHTTPParser.type: bare(VLLMHTTPParser()),
    SGLangHTTPParser.type: bare(SGLangHTTPParser()),
    PassthroughParser.type: bare(PassthroughParser()),
  ]

  static let pickers: [String: Entry] = [
    MaxScorePicker.type: Entry { MaxScorePicker(maxNumOfEndpoints: endpointsMax(&$0)) },
    RandomPicker.type: Entry { RandomPicker(maxNumOfEndpoints: endpointsMax(&$0)) },
    WeightedRandomPicker.type: Entry {
      WeightedRandomPicker(maxNumOfEndpoints: endpointsMax(&$0))
    },
  ]

  /// Numbers below 1 mean 1, as in llm-d.
  private static func endpointsMax(_ parameters: inout PluginParameters) -> Int {
    var count = 1
    parameters.read("maxNumOfEndpoints", into: &count, in: Int.min...Int.max)
    return max(count, 1)
  }
}

/// Stands for a plugin that could not be read, so that references to it are not called undefined.
struct UnreadPlugin: Plugin {
  static let type = ""
}
