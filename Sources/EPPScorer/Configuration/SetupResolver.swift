import Tokenize

/// Follows the references of a configuration, fills in what it leaves out, and collects what is
/// wrong with it.
///
/// Defaults are llm-d's, in the order of the file where theirs is that of a hash map.
struct SetupResolver {
  typealias Named = SchedulingPlan.Named
  typealias Declaration = EndpointPickerConfig.Declaration
  typealias Reference = EndpointPickerConfig.Reference

  static let profileName = "default"

  let config: EndpointPickerConfig
  private let declarations: [String: Declaration]
  private(set) var findings: [ConfigurationFinding] = []
  /// Names that something refers to, or that need no reference to be in use.
  private var used: Set<String> = []
  var prefixProducers: [PickerSetup.PrefixProducer] = []
  var defaultProducer: Int?
  var fallback: Int?

  init(_ config: EndpointPickerConfig) {
    self.config = config
    declarations = Dictionary(
      config.plugins.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func reject(_ message: String, at path: String) {
    findings.append(ConfigurationFinding(.fault, path: path, message))
  }

  mutating func warn(_ message: String, at path: String) {
    findings.append(ConfigurationFinding(.warning, path: path, message))
  }

  // MARK: References

  mutating func use(_ name: String) { used.insert(name) }

  func declaration(_ name: String) -> Declaration? { declarations[name] }

  /// The plugin that `reference` names; records a fault and returns nil when there is none.
  mutating func resolve(_ reference: Reference) -> Declaration? {
    guard let declaration = declarations[reference.name] else {
      rejectUndefined(reference, among: config.plugins.map(\.name))
      return nil
    }
    use(reference.name)
    return declaration
  }

  /// The same, of a plugin that has to be a `Part`.
  mutating func resolve<Part>(
    _ reference: Reference, as part: Part.Type, _ phrase: String
  ) -> Named<Part>? {
    guard let declaration = resolve(reference) else { return nil }
    guard let plugin = declaration.plugin as? Part else {
      reject(
        "'\(reference.name)' is of type \(declaration.type), not \(phrase)", at: reference.path)
      return nil
    }
    return Named(reference.name, plugin)
  }

  mutating func rejectUndefined(_ reference: Reference, among names: [String]) {
    var message = "references undefined plugin '\(reference.name)'"
    if let declaration = config.plugins.first(where: { $0.type == reference.name }) {
      message += "; the plugin of that type has the name '\(declaration.name)'"
    } else if let nearest = nearestName(to: reference.name, among: names) {
      message += "; did you mean '\(nearest)'?"
    } else if names.isEmpty {
      message += "; none is declared"
    } else {
      message += "; the names are \(names.joined(separator: ", "))"
    }
    reject(message, at: reference.path)
  }

  /// The plugins of a type, in the order of the file, and in use by being declared.
  mutating func declared<Part>(_ part: Part.Type) -> [(declaration: Declaration, plugin: Part)] {
    config.plugins.compactMap { declaration in
      guard let plugin = declaration.plugin as? Part else { return nil }
      use(declaration.name)
      return (declaration, plugin)
    }
  }

  /// The same, of a type that there may be only one of.
  mutating func onlyDeclared<Part>(_ part: Part.Type, _ phrase: String) -> Named<Part>? {
    let all = declared(part)
    for extra in all.dropFirst() {
      reject(
        "there can be only one \(phrase), and '\(all[0].declaration.name)' is one already",
        at: extra.declaration.path)
    }
    return all.first.map { Named($0.declaration.name, $0.plugin) }
  }

  // MARK: Names

  mutating func checkNames() {
    var paths: [String: String] = [:]
    for declaration in config.plugins {
      guard let path = paths.updateValue(declaration.path, forKey: declaration.name) else {
        continue
      }
      reject("\(path) has the name '\(declaration.name)' already", at: declaration.path)
    }
    paths = [:]
    for profile in config.profiles {
      guard let path = paths.updateValue(profile.path, forKey: profile.name) else { continue }
      reject("\(path) has the name '\(profile.name)' already", at: profile.path)
    }
  }

  mutating func warnOfUnused() {
    for declaration in config.plugins where !used.contains(declaration.name) {
      // Some need no reference, and some were warned of because they do nothing.
      switch declaration.plugin {
      case is SessionIDProducer, is DisaggHeadersHandler, is ModelsDataSource,
        is ModelsDataExtractor, is EndpointNotificationSource:
        continue
      default: break
      }
      warn("'\(declaration.name)' is declared and nothing uses it", at: declaration.path)
    }
  }
}

extension EndpointPickerConfig {
  /// The references to plugins that are not declared, and names that are not unique.
  ///
  /// They can be told even where some plugins have other faults.
  public func undefinedReferences() -> [ConfigurationFinding] {
    var resolver = SetupResolver(self)
    resolver.checkNames()
    var references = profiles.flatMap { $0.parts.map(\.plugin) }
    references += dataLayer.sources.flatMap { [$0.plugin] + $0.extractors }
    references += [dataLayer.discovery, saturationDetector].compactMap(\.self) + parsers
    for reference in references { _ = resolver.resolve(reference) }
    return resolver.findings
  }
}
