/// A JSON value of any shape, for the bodies of recorded requests.
package enum RecordedJSON: Decodable, Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([RecordedJSON])
  case object([String: RecordedJSON])

  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let bool = try? value.decode(Bool.self) {
      self = .bool(bool)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let string = try? value.decode(String.self) {
      self = .string(string)
    } else if let array = try? value.decode([RecordedJSON].self) {
      self = .array(array)
    } else {
      self = .object(try value.decode([String: RecordedJSON].self))
    }
  }

  /// The value of a key; nil for other values than objects.
  package subscript(key: String) -> RecordedJSON? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }
}
