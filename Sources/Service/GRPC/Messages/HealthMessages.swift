/// `grpc.health.v1.HealthCheckRequest`.
struct HealthRequestMessage: ProtobufMessage {
  /// Empty for the whole server.
  var service = ""

  mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): service = try cursor.string()
    default: try cursor.skip(field.type)
    }
  }

  func write(to writer: inout ProtobufWriter) { writer.stringIfPresent(1, service) }
}

/// `grpc.health.v1.HealthCheckResponse`.
struct HealthResponseMessage: ProtobufMessage {
  var status: UInt32 = 0

  init() {}

  init(_ status: UInt32) { self.status = status }

  mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .varint): status = try cursor.uint32()
    default: try cursor.skip(field.type)
    }
  }

  func write(to writer: inout ProtobufWriter) { writer.varintIfPresent(1, status) }
}
