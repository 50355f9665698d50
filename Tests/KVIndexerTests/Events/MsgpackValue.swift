import CMsgpack

/// A msgpack value as a tree, to write messages by hand and to read them with libmsgpack.
indirect enum MsgpackValue: Equatable {
  case null
  case bool(Bool)
  case positive(UInt64)
  case negative(Int64)
  case double(Double)
  case text(String)
  case binary([UInt8])
  case array([MsgpackValue])
  /// Keys and values in turn, duplicates and order kept.
  case map([MsgpackValue])
  /// Bytes that are written as they are.
  case raw([UInt8])
}

extension MsgpackValue: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  init(nilLiteral: ()) { self = .null }
  init(booleanLiteral value: Bool) { self = .bool(value) }
  init(integerLiteral value: Int64) {
    self = value < 0 ? .negative(value) : .positive(UInt64(value))
  }
  init(floatLiteral value: Double) { self = .double(value) }
  init(stringLiteral value: String) { self = .text(value) }
  init(arrayLiteral elements: MsgpackValue...) { self = .array(elements) }
  init(dictionaryLiteral pairs: (MsgpackValue, MsgpackValue)...) {
    self = .map(pairs.flatMap { [$0.0, $0.1] })
  }
}

extension MsgpackValue {
  /// The encoding, integers in their widest form, so that tests cover what libmsgpack never writes.
  var bytes: [UInt8] {
    switch self {
    case .null: [0xc0]
    case .bool(let value): [value ? 0xc3 : 0xc2]
    case .positive(let value): [0xcf] + Self.bigEndian(value)
    case .negative(let value): [0xd3] + Self.bigEndian(value)
    case .double(let value): [0xcb] + Self.bigEndian(value.bitPattern)
    case .text(let text):
      text.utf8.count < 32
        ? [0xa0 | UInt8(text.utf8.count)] + text.utf8
        : [0xdb] + Self.bigEndian(UInt32(text.utf8.count)) + text.utf8
    case .binary(let bytes): [0xc6] + Self.bigEndian(UInt32(bytes.count)) + bytes
    case .array(let elements):
      (elements.count < 16
        ? [0x90 | UInt8(elements.count)] : [0xdd] + Self.bigEndian(UInt32(elements.count)))
        + elements.flatMap(\.bytes)
    case .map(let values):
      (values.count < 32
        ? [0x80 | UInt8(values.count / 2)] : [0xdf] + Self.bigEndian(UInt32(values.count / 2)))
        + values.flatMap(\.bytes)
    case .raw(let bytes): bytes
    }
  }

  private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { [UInt8]($0) }
  }
}

extension MsgpackValue {
  /// Reads one whole message with libmsgpack; nil when it does not want to.
  init?(libmsgpack bytes: [UInt8]) {
    guard let value = Self.unpack(bytes, MsgpackValue.init) else { return nil }
    self = value
  }

  /// Whether libmsgpack finds one whole message.
  static func isMessage(toLibmsgpack bytes: [UInt8]) -> Bool {
    unpack(bytes) { _ in true } ?? false
  }

  private static func unpack<Value>(
    _ bytes: [UInt8], _ read: (msgpack_object) -> Value?
  ) -> Value? {
    var result = msgpack_unpacked()
    msgpack_unpacked_init(&result)
    defer { msgpack_unpacked_destroy(&result) }
    var offset = 0
    // Texts and bytes point into the message.
    return bytes.withUnsafeBytes { buffer in
      let status = msgpack_unpack_next(
        &result, buffer.bindMemory(to: CChar.self).baseAddress, buffer.count, &offset)
      guard status == MSGPACK_UNPACK_SUCCESS, offset == bytes.count else { return nil }
      return read(result.data)
    }
  }

  private init?(_ object: msgpack_object) {
    let via = object.via
    switch object.type {
    case MSGPACK_OBJECT_NIL: self = .null
    case MSGPACK_OBJECT_BOOLEAN: self = .bool(via.boolean)
    case MSGPACK_OBJECT_POSITIVE_INTEGER: self = .positive(via.u64)
    case MSGPACK_OBJECT_NEGATIVE_INTEGER: self = .negative(via.i64)
    case MSGPACK_OBJECT_FLOAT32, MSGPACK_OBJECT_FLOAT64: self = .double(via.f64)
    case MSGPACK_OBJECT_STR:
      let body = UnsafeRawBufferPointer(start: via.str.ptr, count: Int(via.str.size))
      self = .text(String(decoding: body, as: UTF8.self))
    case MSGPACK_OBJECT_BIN:
      self = .binary([UInt8](UnsafeRawBufferPointer(start: via.bin.ptr, count: Int(via.bin.size))))
    case MSGPACK_OBJECT_ARRAY:
      let elements = UnsafeBufferPointer(start: via.array.ptr, count: Int(via.array.size))
      self = .array(elements.compactMap(MsgpackValue.init))
    case MSGPACK_OBJECT_MAP:
      let pairs = UnsafeBufferPointer(start: via.map.ptr, count: Int(via.map.size))
      self = .map(pairs.flatMap { [$0.key, $0.val] }.compactMap(MsgpackValue.init))
    default: return nil
    }
  }
}
