/// Reads JSON from front to back, one value at a time, without building a document.
///
/// It accepts what RFC 8259 accepts, with two exceptions: nesting has a limit, and an escape that
/// names half of a surrogate pair is an error. Strings are checked to be UTF-8 when they are
/// decoded, not when they are skipped.
///
/// Every value under a key or in an array has to be read or skipped before the next one:
///
///     try cursor.beginObject()
///     while let key = try cursor.nextKey() {
///       if key == "model" { model = try cursor.string() } else { try cursor.skipValue() }
///     }
///     try cursor.finish()
///
/// A cursor borrows the bytes: it must not outlive them. After an error it is of no further use.
public struct JSONCursor {
  let bytes: UnsafeRawBufferPointer
  let depthMax: Int
  var position = 0
  private var depth = 0
  /// Between an opening bracket and the first key or element: no comma is due.
  private var isAtFirst = false

  /// A cursor before the first value of `bytes`.
  ///
  /// - Parameter depthMax: Levels of nesting allowed; skipping recurses this deep.
  public init(_ bytes: UnsafeRawBufferPointer, depthMax: Int = 128) {
    self.bytes = bytes
    self.depthMax = depthMax
  }

  /// A cursor before the value at `offset` of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    self.init(bytes)
    position = offset
  }

  /// Bytes read so far.
  public var offset: Int { position }

  /// The kind of the value that comes next; reads only the whitespace before it.
  public mutating func kind() throws(JSONError) -> JSONKind {
    switch try firstByte() {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .string
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
    case UInt8(ascii: "n"): .null
    case let byte: throw JSONError(.unexpectedByte(byte, expected: "a value"), at: position)
    }
  }

  // MARK: Objects and arrays

  /// Enters the object that comes next.
  public mutating func beginObject() throws(JSONError) {
    try begin(UInt8(ascii: "{"), expected: "an object")
  }

  /// The next key of the object, whose value is then next; nil when the object ended.
  public mutating func nextKey() throws(JSONError) -> JSONKey? {
    guard try advance(closing: UInt8(ascii: "}"), expected: "',' or '}'") else { return nil }
    let first = try firstByte()
    guard first == UInt8(ascii: "\"") else {
      throw JSONError(.unexpectedByte(first, expected: "a key in quotes"), at: position)
    }
    let start = position
    let string = try scanString()
    let colon = try firstByte()
    guard colon == UInt8(ascii: ":") else {
      throw JSONError(.unexpectedByte(colon, expected: "':'"), at: position)
    }
    position += 1
    let raw = UnsafeRawBufferPointer(rebasing: bytes[string.range])
    return JSONKey(raw: raw, hasEscapes: string.hasEscapes, offset: start)
  }

  /// Enters the array that comes next.
  public mutating func beginArray() throws(JSONError) {
    try begin(UInt8(ascii: "["), expected: "an array")
  }

  /// Whether another element comes next; false when the array ended.
  @inline(__always)
  public mutating func nextElement() throws(JSONError) -> Bool {
    try advance(closing: UInt8(ascii: "]"), expected: "',' or ']'")
  }

  /// Checks that only whitespace is left.
  public mutating func finish() throws(JSONError) {
    skipWhitespace()
    guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
  }

  private mutating func begin(_ opening: UInt8, expected: String) throws(JSONError) {
    guard try firstByte() == opening else { throw wrongType(expected: expected) }
    guard depth < depthMax else { throw JSONError(.tooDeep(depthMax: depthMax), at: position) }
    depth += 1
    position += 1
    isAtFirst = true
  }

  /// Reads the comma or the closing bracket after an element.
  @inline(__always)
  private mutating func advance(closing: UInt8, expected: String) throws(JSONError) -> Bool {
    let byte = try firstByte()
    if byte == closing {
      position &+= 1
      depth &-= 1
      isAtFirst = false
      return false
    }
    if isAtFirst {
      isAtFirst = false
      return true
    }
    guard byte == UInt8(ascii: ",") else {
      throw JSONError(.unexpectedByte(byte, expected: expected), at: position)
    }
    position &+= 1
    return true
  }

  // MARK: Bytes

  @inline(__always)
  mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0a, 0x0d, 0x09: position &+= 1
      default: return
      }
    }
  }

  /// The first byte that is not whitespace; it stays unread.
  @inline(__always)
  mutating func firstByte() throws(JSONError) -> UInt8 {
    skipWhitespace()
    guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
    return bytes[position]
  }

  /// The error for a well-formed value of the wrong kind; of no value at all when it isn't one.
  mutating func wrongType(expected: String) -> JSONError {
    do {
      return JSONError(.wrongType(expected: expected, found: try kind()), at: position)
    } catch {
      return error
    }
  }
}

/// A key of an object, still as it was written.
///
/// It borrows the bytes of the text.
public struct JSONKey {
  let raw: UnsafeRawBufferPointer
  let hasEscapes: Bool
  /// Bytes from the start of the text to the key's opening quote.
  public let offset: Int

  /// The key as text; bytes that are not UTF-8 become U+FFFD.
  ///
  /// Up to 15 bytes allocate nothing.
  public var text: String {
    hasEscapes
      ? String(decoding: JSONCursor.unescaped(raw), as: UTF8.self)
      : String(decoding: raw, as: UTF8.self)
  }

  /// Compares bytes; allocates only when the key was written with escapes.
  public static func == (key: JSONKey, name: StaticString) -> Bool {
    let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard !key.hasEscapes else { return JSONCursor.unescaped(key.raw).elementsEqual(name) }
    return key.raw.count == name.count && key.raw.elementsEqual(name)
  }
}
