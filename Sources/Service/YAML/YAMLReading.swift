package import Tokenize

/// Collects the faults of a document while it is read, so that all can be told at once.
package final class YAMLReading {
  let file: String
  private var faults: [YAMLFault] = []
  private(set) var warnings: [YAMLFault] = []

  package init(file: String) { self.file = file }

  /// Faults so far: when reading a value adds none, all of it is good.
  var faultCount: Int { faults.count }

  /// Records a fault and goes on.
  package func reject(_ message: String, at mark: TextPosition, path: String) {
    faults.append(YAMLFault(file: file, mark: mark, path: path, message: message))
  }

  /// Records what is odd and does no harm.
  func warn(_ message: String, at mark: TextPosition, path: String) {
    warnings.append(YAMLFault(file: file, mark: mark, path: path, message: message))
  }

  /// The document itself, to start from.
  package func root(_ node: YAMLNode) -> YAMLValue {
    YAMLValue(node: node, path: "", reading: self)
  }

  /// Throws what was recorded, if anything.
  package func finish() throws(YAMLError) {
    guard faults.isEmpty else { throw YAMLError(Self.sorted(faults)) }
  }

  /// The warnings in the order of the lines.
  var sortedWarnings: [YAMLFault] { Self.sorted(warnings) }

  private static func sorted(_ faults: [YAMLFault]) -> [YAMLFault] {
    faults.sorted { a, b in
      guard let a = a.mark, let b = b.mark else { return a.mark == nil && b.mark != nil }
      return (a.line, a.column) < (b.line, b.column)
    }
  }
}

/// A value of a document that is being read: every accessor records a fault and returns nil when
/// the value is not what it asks for.
package struct YAMLValue {
  package let node: YAMLNode
  package let path: String
  let reading: YAMLReading

  /// Records a fault of this value.
  package func reject(_ message: String) {
    reading.reject(message, at: node.mark, path: path)
  }

  /// Records what is odd with this value and does no harm.
  package func warn(_ message: String) {
    reading.warn(message, at: node.mark, path: path)
  }

  /// The text of any scalar but null: `8000` and `"8000"` are the same to who wants text.
  package func string() -> String? {
    guard case .scalar(let text, _) = node.content, !node.isNull else {
      return rejected(expecting: "a string")
    }
    return text
  }

  /// A decimal integer, without quotes.
  package func integer(in range: ClosedRange<Int>) -> Int? {
    let expected = "an integer from \(range.lowerBound) to \(range.upperBound)"
    guard case .scalar(let text, isPlain: true) = node.content, let value = Int(text),
      range.contains(value)
    else { return rejected(expecting: expected) }
    return value
  }

  /// `true` or `false`, without quotes.
  package func bool() -> Bool? {
    switch node.content {
    case .scalar("true", isPlain: true): true
    case .scalar("false", isPlain: true): false
    default: rejected(expecting: "true or false")
    }
  }

  package func list() -> [YAMLValue]? {
    guard case .sequence(let elements) = node.content else { return rejected(expecting: "a list") }
    return elements.enumerated().map { index, element in
      YAMLValue(node: element, path: "\(path)[\(index)]", reading: reading)
    }
  }

  package func fields() -> YAMLFields? {
    guard case .mapping(let entries) = node.content else {
      return rejected(expecting: "a mapping")
    }
    return YAMLFields(entries: entries, owner: self)
  }

  private func rejected<Value>(expecting expected: String) -> Value? {
    reject("expected \(expected), not \(node.phrase)")
    return nil
  }
}

/// The fields of a mapping; those that nobody asks for are the unknown ones.
package struct YAMLFields {
  private let entries: [YAMLNode.Entry]
  private let owner: YAMLValue
  private var known: [String] = []

  init(entries: [YAMLNode.Entry], owner: YAMLValue) {
    self.entries = entries
    self.owner = owner
  }

  /// The value of `key`; nil when it is absent or null.
  package mutating func optional(_ key: String) -> YAMLValue? {
    known.append(key)
    guard let entry = entries.first(where: { $0.key == key }), !entry.value.isNull else {
      return nil
    }
    return value(entry)
  }

  /// The value of `key`; records a fault and returns nil when it is absent or null.
  package mutating func required(_ key: String) -> YAMLValue? {
    if let value = optional(key) { return value }
    let misspelt = unknown().first { $0.nearest == key }
    let hint = misspelt.map { "; is it the '\($0.key)' of line \($0.mark.line)?" } ?? ""
    owner.reject("the field '\(key)' is missing\(hint)")
    return nil
  }

  /// Every field, whatever its key.
  package func all() -> [(key: String, value: YAMLValue)] {
    entries.map { ($0.key, value($0)) }
  }

  /// Takes all fields for known.
  package mutating func acceptRest() { known += entries.map(\.key) }

  /// The fields that have not been asked for, each with the nearest of those that have.
  package func unknown() -> [(key: String, mark: TextPosition, path: String, nearest: String?)] {
    entries.compactMap { entry in
      guard !known.contains(entry.key) else { return nil }
      let nearest = nearestName(to: entry.key, among: known)
      return (key: entry.key, mark: entry.keyMark, path: value(entry).path, nearest: nearest)
    }
  }

  /// Records a fault for every field that has not been asked for.
  package func rejectUnknown() {
    for field in unknown() {
      let hint =
        field.nearest.map { "did you mean '\($0)'?" }
        ?? "the fields are \(known.joined(separator: ", "))"
      owner.reading.reject("unknown field; \(hint)", at: field.mark, path: field.path)
    }
  }

  /// Records a warning for every field that has not been asked for.
  func warnOfUnknown() {
    for field in unknown() {
      let hint = field.nearest.map { "; did you mean '\($0)'?" } ?? ""
      owner.reading.warn("the unknown field is ignored\(hint)", at: field.mark, path: field.path)
    }
  }

  private func value(_ entry: YAMLNode.Entry) -> YAMLValue {
    let path = owner.path.isEmpty ? entry.key : "\(owner.path).\(entry.key)"
    return YAMLValue(node: entry.value, path: path, reading: owner.reading)
  }
}
