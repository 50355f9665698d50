import EPPScorer
import Tokenize

extension PickerConfigurationReader {
  typealias Declaration = EndpointPickerConfig.Declaration

  /// A plugin before its parameters are read.
  private struct Entry {
    var value: YAMLValue
    var name: String
    var type: YAMLValue
    var typeName: String
    var parameters: YAMLValue
  }

  mutating func readPlugins(_ value: YAMLValue?) {
    let entries = (value?.list() ?? []).map { ($0, entry($0)) }
    let sessionHeaders = Self.sessionHeaders(entries.compactMap(\.1))
    var legacy: [String: Reference] = [:]
    for (value, entry) in entries {
      guard let entry else {
        // Its name may be good, and references to it are then no fault.
        let name = value.node["name"]?.text ?? value.node["type"]?.text ?? ""
        config.plugins.append(Declaration(name: name, UnreadPlugin(), path: value.path))
        continue
      }
      let faultsBefore = reading.faultCount
      var declaration = Declaration(
        name: entry.name, type: entry.typeName, UnreadPlugin(), path: entry.value.path)
      if let known = known(entry),
        var parameters = PluginParameters(entry.parameters, sessionHeaders: sessionHeaders)
      {
        let plugin = known.read(&parameters)
        parameters.finish()
        declaration.needs = parameters.needs
        legacy[entry.name] = parameters.legacyPrefixPlugin
        if let plugin, reading.faultCount == faultsBefore { declaration.plugin = plugin }
      }
      config.plugins.append(declaration)
    }
    LegacyPrefixPlugins(reading: reading).expand(&config.plugins, legacy: legacy, root: root)
  }

  private func entry(_ value: YAMLValue) -> Entry? {
    guard var fields = value.fields() else { return nil }
    let nameValue = fields.optional("name")
    let type = fields.required("type")
    let parameters = fields.optional("parameters")
    fields.rejectUnknown()
    let name = nameValue.map { $0.string() } ?? ""
    guard let type, let typeName = type.string(), let name else { return nil }
    guard !typeName.isEmpty else {
      type.reject("it must not be empty")
      return nil
    }
    // Without parameters, faults of missing ones point to the plugin.
    let none = YAMLValue(
      node: YAMLNode(content: .mapping([]), mark: value.node.mark),
      path: "\(value.path).parameters", reading: reading)
    return Entry(
      value: value, name: name.isEmpty ? typeName : name, type: type, typeName: typeName,
      parameters: parameters ?? none)
  }

  /// How a plugin of that type is read; nil, and a fault, when it can't be used.
  private func known(_ entry: Entry) -> PluginCatalog.Entry? {
    guard let known = PluginCatalog.entries[entry.typeName] else {
      if let reason = UnsupportedPlugins.reason(entry.typeName) {
        entry.type.reject("llm-d's '\(entry.typeName)' is not supported here: \(reason)")
      } else {
        let nearest = nearestName(
          to: entry.typeName, among: PluginCatalog.types + UnsupportedPlugins.types)
        entry.type.reject(
          "there is no plugin type '\(entry.typeName)'; "
            + (nearest.map { "did you mean '\($0)'?" }
              ?? "the types are \(PluginCatalog.types.joined(separator: ", "))"))
      }
      return nil
    }
    if known.isAlpha, !allowsExperimentalPlugins {
      entry.type.reject(
        "plugin '\(entry.name)' of type '\(entry.typeName)' has Alpha stability level, but command "
          + "line flag --allow-experimental-plugins is not set")
    }
    if let deprecation = known.deprecation {
      entry.type.warn("'\(entry.typeName)' is deprecated; \(deprecation)")
    }
    return known
  }

  /// The headers of the session-id-producers, which other plugins refer to in any order.
  private static func sessionHeaders(_ entries: [Entry]) -> [String: String] {
    var headers: [String: String] = [:]
    for entry in entries where entry.typeName == SessionIDProducer.type {
      headers[entry.name] = entry.parameters.node["headerName"]?.text?.lowercased()
    }
    return headers
  }
}

extension YAMLNode {
  /// The value of a mapping's key; nil when there is none.
  fileprivate subscript(key: String) -> YAMLNode? {
    guard case .mapping(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// A scalar's text; nil for null and for what is no scalar.
  fileprivate var text: String? {
    guard case .scalar(let text, _) = content, !isNull else { return nil }
    return text
  }
}
