import Tokenize

/// One entry of an endpoints file, with the places that faults point to.
struct EndpointEntry {
  var configuration: EndpointConfiguration
  /// Where its name stands, or the entry when it has none.
  var nameMark: TextPosition
  /// Where its event sources are described, or the entry when they are not.
  var sourcesMark: TextPosition
  /// Whether nothing was said of its event sources.
  var hasStandardSources: Bool
  var path: String
  /// What its file is read with.
  let reading: YAMLReading

  /// Reads an entry; nil when it has faults.
  ///
  /// Fields that are not ours become warnings.
  init?(_ value: YAMLValue, _ defaults: KVEventsDefaults) {
    let faultsBefore = value.reading.faultCount
    guard var fields = value.fields() else { return nil }
    let nameValue = fields.optional("name")
    let name = nameValue?.string() ?? ""
    let namespace = fields.optional("namespace")?.string() ?? ""
    let address = fields.required("address").flatMap(Self.address)
    let port = fields.required("port").flatMap(Self.port)
    let labelsValue = fields.optional("labels")
    let labels = labelsValue.map(Self.labels) ?? [:]
    let metrics = MetricsEntry(fields.optional("metrics"), labels: labelsValue)
    let model = fields.optional("model")?.string()
    let eventsValue = fields.optional("kvEvents")
    let events = KVEventsEntry(eventsValue, address: address, port: port, defaults)
    fields.warnOfUnknown()
    guard value.reading.faultCount == faultsBefore, let address, let port, let events else {
      return nil
    }
    configuration = EndpointConfiguration(
      identity: EndpointConfiguration.Identity(
        namespace: namespace.isEmpty ? "default" : namespace,
        name: name.isEmpty ? "\(address):\(port)" : name),
      address: address, port: port, labels: labels, model: model, blockSize: events.blockSize,
      bytesPerToken: events.bytesPerToken, topic: events.topic, duplicates: events.duplicates,
      sources: events.sources,
      metrics: metrics.address)
    nameMark = (nameValue ?? value).node.mark
    sourcesMark = (eventsValue ?? value).node.mark
    hasStandardSources = eventsValue == nil
    path = value.path
    reading = value.reading
  }

  static func address(_ value: YAMLValue) -> HostName? {
    guard let text = value.string() else { return nil }
    guard let host = HostName(text) else {
      value.reject("expected an IPv4 or IPv6 address or a host name, not '\(text)'")
      return nil
    }
    return host
  }

  static func port(_ value: YAMLValue) -> UInt16? {
    guard let text = value.string() else { return nil }
    guard let port = UInt16(port: text) else {
      value.reject("expected a port from 1 to 65535, not '\(text)'")
      return nil
    }
    return port
  }

  private static func labels(_ value: YAMLValue) -> [String: String] {
    var labels: [String: String] = [:]
    for (key, value) in value.fields()?.all() ?? [] { labels[key] = value.string() }
    return labels
  }
}
