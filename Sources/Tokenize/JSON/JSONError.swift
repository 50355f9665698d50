/// Why a JSON text was refused, and at which byte.
public struct JSONError: Error, Equatable, Sendable {
  public enum Fault: Equatable, Sendable {
    case unexpectedEnd
    case unexpectedByte(UInt8, expected: String)
    case trailingBytes
    case invalidLiteral
    case invalidNumber
    case controlCharacter(UInt8)
    case invalidEscape
    /// A `\u` escape that names one half of a surrogate pair.
    case loneSurrogate
    case invalidUTF8
    case tooDeep(depthMax: Int)
    case wrongType(expected: String, found: JSONKind)
    case outOfRange(expected: String)
  }

  public var fault: Fault
  /// Bytes from the start of the text.
  public var offset: Int

  init(_ fault: Fault, at offset: Int) {
    self.fault = fault
    self.offset = offset
  }

  /// One clause without the place, for example `expected a string, not a number`.
  public var message: String {
    switch fault {
    case .unexpectedEnd: "the text ends too early"
    case .unexpectedByte(let byte, let expected): "expected \(expected), not \(Self.name(byte))"
    case .trailingBytes: "expected nothing more after the value"
    case .invalidLiteral: "expected true, false or null"
    case .invalidNumber: "not a JSON number"
    case .controlCharacter(let byte): "\(Self.name(byte)) must be escaped in a string"
    case .invalidEscape: "not a JSON escape sequence"
    case .loneSurrogate: "the escape names half of a surrogate pair"
    case .invalidUTF8: "the string is not UTF-8"
    case .tooDeep(let depthMax): "more than \(depthMax) levels of nesting"
    case .wrongType(let expected, let found): "expected \(expected), not \(found.phrase)"
    case .outOfRange(let expected): "expected \(expected)"
    }
  }

  private static func name(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7f
      ? "'\(Character(UnicodeScalar(byte)))'" : "the byte 0x\(String(byte, radix: 16))"
  }
}

/// What a JSON value is, known from its first byte.
public enum JSONKind: Sendable {
  case object
  case array
  case string
  case number
  case bool
  case null

  /// With its article, for messages.
  var phrase: String {
    switch self {
    case .object: "an object"
    case .array: "an array"
    case .string: "a string"
    case .number: "a number"
    case .bool: "a boolean"
    case .null: "null"
    }
  }
}

/// A place in a text, as editors count: both start at 1.
public struct TextPosition: Equatable, Sendable {
  public var line: Int
  /// Characters (Unicode scalars), not bytes.
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  /// Counts the lines and characters before `offset`.
  public init(of offset: Int, in text: UnsafeRawBufferPointer) {
    self.init(line: 1, column: 1)
    for byte in text.prefix(offset) {
      if byte == 0x0a {
        line += 1
        column = 1
      } else if byte & 0xc0 != 0x80 {
        column += 1
      }
    }
  }
}
