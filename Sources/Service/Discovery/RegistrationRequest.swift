import Tokenize

/// The body of `PUT /v1/endpoints/{name}`: an entry of an endpoints file, and how long it holds.
///
/// It is read by the rules of the file, of which JSON is a part.
struct RegistrationRequest: Equatable {
  static let lifetimeSeconds = 5...86_400
  static let lifetimeSecondsDefault = 60
  private static let nameBytesMax = 253

  var configuration: EndpointConfiguration
  var lifetime: Duration
  /// Fields that were ignored.
  var warnings: [YAMLFault]

  /// Reads a body.
  ///
  /// - Parameters:
  ///   - name: As the path has it: `NAME`, or `NAMESPACE/NAME`.
  ///   - defaults: Where the events of endpoints are that do not say so.
  /// - Throws: `YAMLError` with everything that is wrong.
  init(
    parsing body: [UInt8], name: String, defaults: KVEventsDefaults
  ) throws(YAMLError) {
    let reading = YAMLReading(file: "body")
    let node: YAMLNode
    do throws(YAMLFault) {
      node = try YAMLNode.parse(body, file: "body")
    } catch {
      throw YAMLError([error])
    }
    let (entryNode, lifetimeNode) = Self.split(node)
    let root = reading.root(entryNode)
    let lifetime = lifetimeNode.map {
      YAMLValue(node: $0, path: "ttl_seconds", reading: reading)
        .integer(in: Self.lifetimeSeconds)
    }
    let entry = EndpointEntry(root, defaults)
    if let entry { Self.check(entry) }
    let identity = Self.identity(name, root)
    try reading.finish()
    guard var configuration = entry?.configuration, let identity else {
      preconditionFailure("an entry without faults is read")
    }
    configuration.identity = identity
    self.configuration = configuration
    self.lifetime = .seconds((lifetime ?? Self.lifetimeSecondsDefault) ?? 0)
    warnings = reading.sortedWarnings
  }

  /// The lifetime is ours alone, and would be unknown to the file's rules.
  private static func split(_ node: YAMLNode) -> (entry: YAMLNode, lifetime: YAMLNode?) {
    guard case .mapping(let entries) = node.content else { return (node, nil) }
    var entry = node
    entry.content = .mapping(entries.filter { $0.key != "ttl_seconds" })
    let lifetime = entries.first { $0.key == "ttl_seconds" && !$0.value.isNull }
    return (entry, lifetime?.value)
  }

  /// What holds in one entry of a file holds here; besides, a request opens no port of ours.
  private static func check(_ entry: EndpointEntry) {
    SharedEventAddresses.reject([entry])
    guard entry.configuration.sources.contains(where: \.isBound) else { return }
    entry.reading.reject(
      "an engine that connects to us is configured in the endpoints file", at: entry.sourcesMark,
      path: "kvEvents")
  }

  /// The identity that the path says, with which the body has to agree.
  private static func identity(
    _ name: String, _ root: YAMLValue
  ) -> EndpointConfiguration.Identity? {
    guard let identity = EndpointConfiguration.Identity(path: name) else {
      root.reading.reject(
        "a name has 1 to \(nameBytesMax) bytes, and no control characters", at: root.node.mark,
        path: "name")
      return nil
    }
    guard case .mapping(let entries) = root.node.content else { return identity }
    for (key, expected) in [("name", identity.name), ("namespace", identity.namespace)] {
      guard let entry = entries.first(where: { $0.key == key }),
        case .scalar(let text, _) = entry.value.content, !text.isEmpty, !entry.value.isNull,
        text != expected
      else { continue }
      root.reading.reject(
        "'\(text)' is another one than the path's '\(expected)'", at: entry.value.mark, path: key)
    }
    return identity
  }
}

extension EndpointConfiguration.Identity {
  private static let nameBytesMax = 253

  /// Reads `NAME` or `NAMESPACE/NAME`; nil when it can't be one.
  init?(path: String) {
    let isPrintable = !path.unicodeScalars.contains { $0.properties.generalCategory == .control }
    guard (1...Self.nameBytesMax).contains(path.utf8.count), isPrintable else { return nil }
    namespace = "default"
    name = path
    guard let slash = path.firstIndex(of: "/") else { return }
    namespace = String(path[..<slash])
    name = String(path[path.index(after: slash)...])
    guard !namespace.isEmpty, !name.isEmpty else { return nil }
  }
}
