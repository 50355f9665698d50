/// The metadata with which a gateway narrows a request's endpoints.
///
/// `filter_metadata["envoy.lb.subset_hint"]["x-gateway-destination-endpoint-subset"]`, a list of
/// addresses. As in llm-d's picker, another kind of value says nothing, and an empty list allows
/// no endpoint.
enum SubsetHint {
  private static let namespace: StaticString = "envoy.lb.subset_hint"
  private static let key: StaticString = "x-gateway-destination-endpoint-subset"

  /// Reads `Metadata`; nil when it has no list of endpoints.
  static func read(_ metadata: inout ProtobufCursor) throws(ProtobufError) -> [String]? {
    var subset: [String]?
    while let field = try metadata.nextField() {
      guard field.number == 1, field.type == .bytes else {
        try metadata.skip(field.type)
        continue
      }
      guard var values = try entry(&metadata, named: namespace) else { continue }
      while let field = try values.nextField() {
        guard field.number == 1, field.type == .bytes else {
          try values.skip(field.type)
          continue
        }
        guard var value = try entry(&values, named: key) else { continue }
        subset = try list(&value)
      }
    }
    return subset
  }

  /// The value of a map's entry that comes next; nil under another name.
  private static func entry(
    _ cursor: inout ProtobufCursor, named name: StaticString
  ) throws(ProtobufError) -> ProtobufCursor? {
    var entry = try cursor.message()
    var isNamed = false
    var value: ProtobufCursor?
    while let field = try entry.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes): isNamed = try entry.bytes().equals(name)
      case (2, .bytes): value = try entry.message()
      default: try entry.skip(field.type)
      }
    }
    return isNamed ? value : nil
  }

  /// The strings of a `Value` that is a list.
  private static func list(_ value: inout ProtobufCursor) throws(ProtobufError) -> [String]? {
    var strings: [String]?
    while let field = try value.nextField() {
      guard field.number == 6, field.type == .bytes else {
        try value.skip(field.type)
        continue
      }
      var list = try value.message()
      strings = []
      while let field = try list.nextField() {
        guard field.number == 1, field.type == .bytes else {
          try list.skip(field.type)
          continue
        }
        var element = try list.message()
        if let string = try string(&element) { strings?.append(string) }
      }
    }
    return strings
  }

  private static func string(_ value: inout ProtobufCursor) throws(ProtobufError) -> String? {
    var string: String?
    while let field = try value.nextField() {
      if field.number == 3, field.type == .bytes {
        string = try value.string()
      } else {
        try value.skip(field.type)
      }
    }
    return string
  }
}
