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
  /// The text, and room after it; growing ahead makes a value one check and a few stores.
  var storage: [UInt8]
  var count = 0
  var isCommaDue = false

  /// A writer with room for `capacity` bytes.
  public init(capacity: Int = 256) {
    storage = [UInt8](repeating: 0, count: max(capacity, 64))
  }

  /// The text so far; a copy.
  public var bytes: [UInt8] { Array(storage[..<count]) }

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
    quote(name, isKey: true)
    value(&self)
    assert(isCommaDue, "the field \(name) has no value")
  }

  private mutating func container(
    _ opening: UInt8, _ closing: UInt8, _ body: (inout JSONWriter) -> Void
  ) {
    separate()
    byte(opening)
    isCommaDue = false
    body(&self)
    byte(closing)
    isCommaDue = true
  }

  private mutating func separate() {
    if isCommaDue { byte(UInt8(ascii: ",")) }
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
  public mutating func string(_ value: String) { quote(value, isKey: false) }

  /// Writes an integer.
  public mutating func integer(_ value: Int) {
    separate()
    write(atMost: 20) { Self.print(value, at: $0) }
  }

  /// Writes the shortest decimal that reads back as `value`; JSON's only word for an infinity or
  /// a NaN is `null`.
  public mutating func double(_ value: Double) {
    guard value.isFinite else { return null() }
    // What is whole is by far the most common.
    if let whole = Int32(exactly: value), whole != 0 || value.sign == .plus {
      integer(Int(whole))
      return literal(".0")
    }
    separate()
    value.description.utf8.withContiguousStorageIfAvailable { copy(UnsafeRawBufferPointer($0)) }
  }

  /// Writes `true` or `false`.
  public mutating func bool(_ value: Bool) {
    separate()
    if value { literal("true") } else { literal("false") }
  }

  /// Writes `null`.
  public mutating func null() {
    separate()
    literal("null")
  }

  /// Writes bytes that are one JSON value already.
  public mutating func raw(_ value: UnsafeRawBufferPointer) {
    separate()
    copy(value)
  }
}
