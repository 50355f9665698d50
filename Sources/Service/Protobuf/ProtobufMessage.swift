/// What can be written as a protobuf message.
package protocol ProtobufWritable {
  /// Writes the fields that are not at their default, last to first.
  func write(to writer: inout ProtobufWriter)
}

/// A message that has a protobuf form.
package protocol ProtobufMessage: ProtobufWritable {
  /// A message without fields.
  init()

  /// Takes one field's value, or skips it; calls go from the first field to the last.
  mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError)
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
  package mutating func message(_ field: UInt32, _ value: some ProtobufWritable) {
    message(field) { value.write(to: &$0) }
  }

  /// Writes nested messages in order.
  package mutating func messages(_ field: UInt32, _ values: [some ProtobufWritable]) {
    // An iterator would copy each of them.
    for index in values.indices.reversed() { message(field, values[index]) }
  }

  /// Writes strings in order.
  package mutating func strings(_ field: UInt32, _ values: [String]) {
    for value in values.reversed() { string(field, value) }
  }
}
