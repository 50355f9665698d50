/// Where an entry says that an endpoint's metrics are: in `metrics`, or in the labels
/// `metricsAddress` and `metricsPort` as llm-d's files for several clusters do.
struct MetricsEntry {
  /// Nil when nothing is said.
  private(set) var address: MetricsAddress?

  init(_ value: YAMLValue?, labels: YAMLValue?) {
    var address = MetricsAddress()
    if var fields = value?.fields() {
      address.scheme = fields.optional("scheme").flatMap(Self.scheme)
      address.host = fields.optional("host").flatMap(EndpointEntry.address)
      address.port = fields.optional("port").flatMap(EndpointEntry.port)
      address.path = fields.optional("path").flatMap(Self.path)
      fields.rejectUnknown()
    }
    // What is no mapping was rejected with the labels themselves.
    if let labels, case .mapping(let entries) = labels.node.content {
      for entry in entries { Self.take(entry, of: labels, &address) }
    }
    if address != MetricsAddress() { self.address = address }
  }

  private static func scheme(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    guard text == "http" || text == "https" else {
      value.reject("expected http or https, not '\(text)'")
      return nil
    }
    return text
  }

  private static func path(_ value: YAMLValue) -> String? {
    guard let text = value.string() else { return nil }
    guard text.hasPrefix("/"), text.utf8.allSatisfy({ 0x21...0x7e ~= $0 }) else {
      value.reject("expected a path such as /metrics, not '\(text)'")
      return nil
    }
    return text
  }

  /// Takes a label; one that makes no sense does no more harm than to be ignored.
  private static func take(
    _ entry: YAMLNode.Entry, of labels: YAMLValue, _ address: inout MetricsAddress
  ) {
    guard case .scalar(let text, _) = entry.value.content else { return }
    let isTaken: Bool
    switch entry.key {
    case "metricsAddress":
      let host = HostName(text)
      isTaken = host != nil
      address.host = address.host ?? host
    case "metricsPort":
      let port = UInt16(port: text)
      isTaken = port != nil
      address.port = address.port ?? port
    default: return
    }
    guard !isTaken else { return }
    labels.reading.warn(
      "the label is ignored: '\(text)' is no \(entry.key == "metricsPort" ? "port" : "host")",
      at: entry.value.mark, path: "\(labels.path).\(entry.key)")
  }
}
