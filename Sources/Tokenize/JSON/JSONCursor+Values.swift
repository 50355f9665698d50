extension JSONCursor {
  /// Reads `true` or `false`.
  public mutating func bool() throws(JSONError) -> Bool {
    switch try firstByte() {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default:
      throw wrongType(expected: "true or false")
    }
  }

  /// Reads a `null` if one comes next.
  public mutating func null() throws(JSONError) -> Bool {
    guard try firstByte() == UInt8(ascii: "n") else { return false }
    try literal("null")
    return true
  }

  /// Reads a value of any kind and checks it as far as strings that are not decoded are checked.
  public mutating func skipValue() throws(JSONError) {
    switch try kind() {
    case .object:
      try beginObject()
      while try nextKey() != nil { try skipValue() }
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    case .string: _ = try scanString()
    case .number: try skipNumber()
    case .bool: _ = try bool()
    case .null: _ = try null()
    }
  }

  /// Skips a value and says where it stands: offsets of its bytes in the text.
  public mutating func rawValue() throws(JSONError) -> Range<Int> {
    skipWhitespace()
    let start = position
    try skipValue()
    return start..<position
  }

  private mutating func literal(_ name: StaticString) throws(JSONError) {
    let rest = bytes[position...].prefix(name.utf8CodeUnitCount)
    let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard rest.elementsEqual(name) else { throw JSONError(.invalidLiteral, at: position) }
    position += name.count
  }
}
