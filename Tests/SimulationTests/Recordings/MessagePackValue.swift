/// A decoded MessagePack value, as far as recorded engine messages use the format.
enum MessagePackValue: Equatable {
  case null
  case integer(UInt64)
  case double(Double)
  case string(String)
  case array([MessagePackValue])
  /// Keys are strings in every message.
  case map([String: MessagePackValue])

  struct Malformed: Error { let offset: Int }

  /// Decodes one value that spans all of `bytes`.
  init(decoding bytes: [UInt8]) throws {
    var reader = Reader(bytes: bytes)
    self = try reader.value()
    if reader.offset != bytes.count { throw Malformed(offset: reader.offset) }
  }

  subscript(key: String) -> MessagePackValue? {
    guard case .map(let entries) = self else { return nil }
    return entries[key]
  }

  var elements: [MessagePackValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  var integer: UInt64? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }
}

private struct Reader {
  let bytes: [UInt8]
  var offset = 0

  mutating func value() throws -> MessagePackValue {
    let tag = try UInt8(unsigned(1))
    switch tag {
    case 0x00...0x7F: return .integer(UInt64(tag))
    case 0x80...0x8F: return try map(Int(tag & 0x0F))
    case 0x90...0x9F: return try array(Int(tag & 0x0F))
    case 0xA0...0xBF: return try string(Int(tag & 0x1F))
    case 0xC0: return .null
    case 0xCB: return .double(Double(bitPattern: try unsigned(8)))
    case 0xCC...0xCF: return .integer(try unsigned(1 << Int(tag - 0xCC)))
    case 0xD9...0xDB: return try string(Int(unsigned(1 << Int(tag - 0xD9))))
    case 0xDC...0xDD: return try array(Int(unsigned(2 << Int(tag - 0xDC))))
    case 0xDE...0xDF: return try map(Int(unsigned(2 << Int(tag - 0xDE))))
    default: throw MessagePackValue.Malformed(offset: offset - 1)
    }
  }

  private mutating func unsigned(_ width: Int) throws -> UInt64 {
    try take(width).reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func array(_ count: Int) throws -> MessagePackValue {
    var elements: [MessagePackValue] = []
    for _ in 0..<count { elements.append(try value()) }
    return .array(elements)
  }

  private mutating func map(_ count: Int) throws -> MessagePackValue {
    var entries: [String: MessagePackValue] = [:]
    for _ in 0..<count {
      guard let key = try value().string else { throw MessagePackValue.Malformed(offset: offset) }
      entries[key] = try value()
    }
    return .map(entries)
  }

  private mutating func string(_ count: Int) throws -> MessagePackValue {
    .string(String(decoding: try take(count), as: UTF8.self))
  }

  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else { throw MessagePackValue.Malformed(offset: offset) }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }
}
