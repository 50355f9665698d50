/// Appends JSON to a byte array.
///
/// Commas and closing brackets are its own business: objects and arrays are closures, and every
/// value knows whether something came before it.
///
///     var writer = JSONWriter()
///     writer.object { writer in
///       writer.field("model", "tiny")
///       writer.field("endpoints") { $0.array { for name in names { $0.string(name) } } }
///     }
public struct JSONWriter {
  public private(set) var bytes: [UInt8] = []
  private var isCommaDue = false

  /// A writer with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    bytes.reserveCapacity(capacity)
  }

  // MARK: Containers

  /// Writes an object; `body` writes its fields.
  public mutating func object(_ body: (inout JSONWriter) -> Void) {
    container(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
  }

  /// Writes an array; `body` writes its elements.
  public mutating func array(_ body: (inout JSONWriter) -> Void) {
    container(UInt8(ascii: "["), UInt8(ascii: "]"), body)
  }

  /// Writes a field of an object; `value` writes exactly one value.
  public mutating func field(_ name: String, value: (inout JSONWriter) -> Void) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    isCommaDue = false
    value(&self)
    assert(isCommaDue, "the field \(name) has no value")
  }

  private mutating func container(
    _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONWriter) -> Void
  ) {
    separate()
    bytes.append(opening)
    isCommaDue = false
    body(&self)
    bytes.append(closing)
    isCommaDue = true
  }

  private mutating func separate() {
    if isCommaDue { bytes.append(UInt8(ascii: ",")) }
    isCommaDue = true
  }

  // MARK: Fields

  /// Writes a string field; nil is `null`.
  public mutating func field(_ name: String, _ value: String?) {
    field(name) { writer in
      if let value { writer.string(value) } else { writer.null() }
    }
  }

  /// Writes an integer field; nil is `null`.
  public mutating func field(_ name: String, _ value: Int?) {
    field(name) { writer in
      if let value { writer.integer(value) } else { writer.null() }
    }
  }

  /// Writes a number field.
  public mutating func field(_ name: String, _ value: Double) {
    field(name) { $0.double(value) }
  }

  /// Writes a boolean field.
  public mutating func field(_ name: String, _ value: Bool) {
    field(name) { $0.bool(value) }
  }

  // MARK: Values

  /// Writes `value` in quotes.
  public mutating func string(_ value: String) {
    separate()
    var value = value
    bytes.append(UInt8(ascii: "\""))
    value.withUTF8 { escape($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes an integer.
  public mutating func integer(_ value: Int) {
    separate()
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    let start = bytes.count
    var rest = value.magnitude
    repeat {
      bytes.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }

  /// Writes the shortest decimal that reads back as `value`; JSON's only word for an infinity or
  /// a NaN is `null`.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    separate()
    bytes.append(contentsOf: value.description.utf8)
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) {
    separate()
    bytes.append(contentsOf: value ? "true".utf8 : "false".utf8)
  }

  /// Writes `null`.
  public mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Writes bytes that are one JSON value already.
  public mutating func raw(_ value: UnsafeRawBufferPointer) {
    separate()
    bytes.append(contentsOf: value)
  }

  /// Appends `text`; runs that need no escape are copied whole.
  private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
    var start = 0
    for (index, byte) in text.enumerated()
    where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
      bytes.append(contentsOf: text[start..<index])
      start = index + 1
      bytes.append(UInt8(ascii: "\\"))
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
      case 0x0a: bytes.append(UInt8(ascii: "n"))
      case 0x0d: bytes.append(UInt8(ascii: "r"))
      case 0x09: bytes.append(UInt8(ascii: "t"))
      default:
        bytes.append(contentsOf: byte < 0x10 ? "u000".utf8 : "u00".utf8)
        bytes.append(contentsOf: String(byte, radix: 16).utf8)
      }
    }
    bytes.append(contentsOf: text[start...])
  }
}
