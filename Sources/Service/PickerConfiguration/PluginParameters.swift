import EPPScorer

/// The parameters of a plugin while they are read: what is not asked for in the end is unknown.
///
/// A parameter that is absent leaves the value as it is, which is the plugin's own default.
struct PluginParameters {
  typealias Need = EndpointPickerConfig.Need
  typealias Reference = EndpointPickerConfig.Reference

  private var fields: YAMLFields
  let value: YAMLValue
  /// The headers of sessions by the name of their producer.
  let sessionHeaders: [String: String]
  /// Other plugins that the parameters name and the plugin does not keep.
  var needs: [Need] = []
  /// The prefix plugin that old parameters name.
  var legacyPrefixPlugin: Reference?

  /// Parameters in `value`; nil, and a fault, when it is no mapping.
  init?(_ value: YAMLValue, sessionHeaders: [String: String] = [:]) {
    guard let fields = value.fields() else { return nil }
    self.fields = fields
    self.value = value
    self.sessionHeaders = sessionHeaders
  }

  /// Records a fault for every parameter that was not asked for.
  func finish() { fields.rejectUnknown() }

  mutating func optional(_ name: String) -> YAMLValue? { fields.optional(name) }

  mutating func required(_ name: String) -> YAMLValue? { fields.required(name) }

  /// Reads the parameters below `name` and rejects the unknown ones; says whether they are there.
  @discardableResult
  mutating func nested(_ name: String, _ read: (inout PluginParameters) -> Void) -> Bool {
    guard let value = fields.optional(name) else { return false }
    guard var inner = PluginParameters(value, sessionHeaders: sessionHeaders) else { return true }
    read(&inner)
    inner.finish()
    needs += inner.needs
    return true
  }

  // MARK: Values

  mutating func read(
    _ name: String, into target: inout Int, in range: ClosedRange<Int> = 0...Int.max
  ) {
    if let read = optional(name)?.integer(in: range) { target = read }
  }

  mutating func read(
    _ name: String, into target: inout Int?, in range: ClosedRange<Int> = 0...Int.max
  ) {
    if let read = optional(name)?.integer(in: range) { target = read }
  }

  mutating func read(
    _ name: String, into target: inout Double,
    in range: ClosedRange<Double> = 0 ... .greatestFiniteMagnitude
  ) {
    if let read = optional(name)?.number(in: range) { target = read }
  }

  mutating func read(_ name: String, into target: inout Bool) {
    if let read = optional(name)?.bool() { target = read }
  }

  mutating func read(_ name: String, into target: inout Duration) {
    if let read = optional(name)?.duration() { target = read }
  }

  /// An empty text counts as absent.
  mutating func text(_ name: String) -> String? {
    guard let text = optional(name)?.string(), !text.isEmpty else { return nil }
    return text
  }

  mutating func read(_ name: String, into target: inout String) {
    if let read = text(name) { target = read }
  }

  mutating func read(_ name: String, into target: inout String?) {
    if let read = text(name) { target = read }
  }

  /// A text that has to be there and not be empty.
  mutating func requiredText(_ name: String) -> String? {
    guard let value = required(name), let text = value.string() else { return nil }
    guard !text.isEmpty else {
      value.reject("it must not be empty")
      return nil
    }
    return text
  }

  /// The case that a text names.
  mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
    _ name: String, _ choices: Choice.Type = Choice.self
  ) -> Choice? {
    guard let value = optional(name), let text = value.string() else { return nil }
    if let choice = Choice(rawValue: text) { return choice }
    let names = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
    value.reject("expected one of \(names), not '\(text)'")
    return nil
  }

  /// A header's name, in lower case.
  mutating func header(_ name: String, into target: inout String) {
    if let read = text(name) { target = read.lowercased() }
  }

  mutating func texts(_ name: String) -> [String] {
    optional(name)?.list()?.compactMap { $0.string() } ?? []
  }

  // MARK: What has no effect, and what is not there

  /// Accepts a parameter that changes nothing here, and says so.
  mutating func ignore(_ name: String, _ reason: String) {
    fields.optional(name)?.warn("this has no effect here: \(reason)")
  }

  /// Accepts every parameter that is left.
  mutating func ignoreRest() { fields.acceptRest() }

  /// Warns of an old name of a parameter.
  mutating func deprecated(_ name: String, _ advice: String) {
    fields.optional(name)?.warn("this name is deprecated; \(advice)")
  }

  /// Rejects a parameter that would change what happens and is not there.
  mutating func refuse(_ name: String, _ advice: String) {
    fields.optional(name)?.reject("this is not supported here: \(advice)")
  }

  /// Names another plugin that must be the one in charge.
  mutating func need(_ kind: Need.Kind, _ name: String) {
    guard let value = optional(name), let text = value.string(), !text.isEmpty else { return }
    needs.append(Need(kind, Reference(text, path: value.path)))
  }
}
