import EPPScorer
import Tokenize

/// Reads the sections of an `EndpointPickerConfig`; an unknown field is a fault, as in llm-d.
struct PickerConfigurationReader {
  typealias Reference = EndpointPickerConfig.Reference

  let root: YAMLNode
  let reading: YAMLReading
  let allowsExperimentalPlugins: Bool
  var config = EndpointPickerConfig()

  init(root: YAMLNode, reading: YAMLReading, allowsExperimentalPlugins: Bool) {
    self.root = root
    self.reading = reading
    self.allowsExperimentalPlugins = allowsExperimentalPlugins
  }

  mutating func read() {
    guard var fields = reading.root(root).fields() else { return }
    readVersion(&fields)
    readFeatureGates(fields.optional("featureGates"))
    readPlugins(fields.optional("plugins"))
    config.profiles =
      fields.optional("schedulingProfiles")?.list()?.compactMap { profile($0) } ?? []
    readDataLayer(fields.optional("dataLayer"))
    let detector = fields.optional("saturationDetector")
    let parser = fields.optional("parser")
    readFlowControl(fields.optional("flowControl"))
    readRequestHandler(fields.optional("requestHandler"))
    readDeprecated(detector: detector, parser: parser)
    fields.rejectUnknown()
  }

  // MARK: Version

  private static let kind = "EndpointPickerConfig"
  private static let versionAdvised = "llm-d.ai/v1alpha1"
  private static let versionOfOld = "inference.networking.x-k8s.io/v1alpha1"
  private static let versions = [versionAdvised, "llm-d.ai/v1", versionOfOld]

  private func readVersion(_ fields: inout YAMLFields) {
    check(&fields, "apiVersion", isOneOf: Self.versions) { value, version in
      guard version == Self.versionOfOld else { return }
      value.warn("this version is deprecated; write '\(Self.versionAdvised)'")
    }
    check(&fields, "kind", isOneOf: [Self.kind]) { _, _ in }
  }

  private func check(
    _ fields: inout YAMLFields, _ name: String, isOneOf texts: [String],
    _ found: (YAMLValue, String) -> Void
  ) {
    guard let value = fields.optional(name) else {
      reading.reject(
        "the field '\(name)' is missing; write '\(name): \(texts[0])'", at: root.mark, path: "")
      return
    }
    guard let text = value.string() else { return }
    guard texts.contains(text) else {
      let expected = nearestName(to: text, among: texts) ?? texts[0]
      value.reject("expected \(expected), not '\(text)'")
      return
    }
    found(value, text)
  }

  // MARK: Feature gates

  private func readFeatureGates(_ value: YAMLValue?) {
    for gate in value?.list() ?? [] {
      guard let text = gate.string() else { continue }
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      guard let isOn = Self.bool(parts.count > 1 ? String(parts[1]) : "true") else {
        gate.reject("feature gate '\(name)' is true or false, not '\(parts[1])'")
        continue
      }
      switch name {
      case "flowControl":
        if isOn { gate.reject("flowControl is not supported: requests are not queued here") }
      case "haPopulateNonLeaderDatastore":
        gate.warn("this has no effect here: there is no leader to be elected")
      default:
        let nearest = nearestName(
          to: name, among: ["flowControl", "haPopulateNonLeaderDatastore"])
        gate.reject(
          "feature gate '\(name)' is unknown or unregistered"
            + (nearest.map { "; did you mean '\($0)'?" } ?? ""))
      }
    }
  }

  /// As Go's `ParseBool` reads it.
  private static func bool(_ text: String) -> Bool? {
    switch text {
    case "1", "t", "T", "TRUE", "true", "True": true
    case "0", "f", "F", "FALSE", "false", "False": false
    default: nil
    }
  }

  // MARK: Profiles

  private func profile(_ value: YAMLValue) -> EndpointPickerConfig.Profile? {
    guard var fields = value.fields() else { return nil }
    let nameValue = fields.required("name")
    let name = nameValue?.string()
    if name?.isEmpty == true { nameValue?.reject("it must not be empty") }
    let parts = fields.optional("plugins")?.list()?.compactMap { part($0) } ?? []
    fields.rejectUnknown()
    return name.map { EndpointPickerConfig.Profile($0, parts, path: value.path) }
  }

  private func part(_ value: YAMLValue) -> (plugin: Reference, weight: Double?)? {
    guard var fields = value.fields() else { return nil }
    let reference = Self.reference(&fields)
    let everything = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    let weight = fields.optional("weight")?.number(in: everything)
    fields.rejectUnknown()
    return reference.map { ($0, weight) }
  }

  // MARK: References

  /// The `pluginRef` of a mapping; records a fault and returns nil when it is missing or empty.
  static func reference(_ fields: inout YAMLFields) -> Reference? {
    guard let value = fields.required("pluginRef"), let name = value.string() else { return nil }
    guard !name.isEmpty else {
      value.reject("it must not be empty")
      return nil
    }
    return Reference(name, path: value.path)
  }

  /// The `pluginRef` of a mapping that has nothing else.
  static func reference(_ value: YAMLValue?) -> Reference? {
    guard var fields = value?.fields() else { return nil }
    let reference = reference(&fields)
    fields.rejectUnknown()
    return reference
  }
}
