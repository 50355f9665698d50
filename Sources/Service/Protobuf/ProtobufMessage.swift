/// A message that has a protobuf form.
package protocol ProtobufMessage {
  /// A message without fields.
  init()

  /// Takes one field's value, or skips it; calls go from the first field to the last.
  mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError)

  /// Writes the fields that are not at their default, last to first.
  func write(to writer: inout ProtobufWriter)
}

extension ProtobufMessage {
  /// Reads a whole message.
  package init(parsing bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
    self.init()
    var cursor = ProtobufCursor(bytes)
    try merge(&cursor)
  }

  /// Reads the nested message that comes next in `cursor`.
  init(nestedIn cursor: inout ProtobufCursor) throws(ProtobufError) {
    self.init()
    try mergeNested(in: &cursor)
  }

  /// Reads the nested message that comes next over this one: a field that is sent twice is merged.
  mutating func mergeNested(in cursor: inout ProtobufCursor) throws(ProtobufError) {
    var nested = try cursor.message()
    try merge(&nested)
  }

  private mutating func merge(_ cursor: inout ProtobufCursor) throws(ProtobufError) {
    while let field = try cursor.nextField() { try read(field, from: &cursor) }
  }

  /// The message's bytes.
  package func serialized() -> [UInt8] {
    var writer = ProtobufWriter()
    write(to: &writer)
    return writer.array()
  }
}

extension ProtobufWriter {
  /// Writes a nested message, even an empty one.
  package mutating func message(_ field: UInt32, _ value: some ProtobufMessage) {
    message(field) { value.write(to: &$0) }
  }

  /// Writes nested messages in order.
  package mutating func messages(_ field: UInt32, _ values: [some ProtobufMessage]) {
    for value in values.reversed() { message(field, value) }
  }

  /// Writes strings in order.
  package mutating func strings(_ field: UInt32, _ values: [String]) {
    for value in values.reversed() { string(field, value) }
  }
}
