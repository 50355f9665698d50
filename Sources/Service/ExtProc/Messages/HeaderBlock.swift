/// The headers of a message, still encoded: a `HeaderMap`.
struct HeaderBlock {
  private var cursor: ProtobufCursor

  init() { cursor = ProtobufCursor(UnsafeRawBufferPointer(start: nil, count: 0)) }

  init(_ cursor: ProtobufCursor) { self.cursor = cursor }

  /// The next header, whose name is in lower case; nil after the last.
  mutating func next() throws(ProtobufError) -> (
    name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  )? {
    while let field = try cursor.nextField() {
      guard field.number == 1, field.type == .bytes else {
        try cursor.skip(field.type)
        continue
      }
      var header = try cursor.message()
      return try Self.header(&header)
    }
    return nil
  }

  /// `HeaderValue`; Envoy writes `raw_value`, and older ones `value`.
  private static func header(
    _ cursor: inout ProtobufCursor
  ) throws(ProtobufError) -> (name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
    var name = UnsafeRawBufferPointer(start: nil, count: 0)
    var value = name
    while let field = try cursor.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes): name = try cursor.bytes()
      case (2, .bytes), (3, .bytes):
        let bytes = try cursor.bytes()
        if !bytes.isEmpty { value = bytes }
      default: try cursor.skip(field.type)
      }
    }
    return (name, value)
  }
}
