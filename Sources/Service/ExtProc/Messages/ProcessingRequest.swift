/// A message of `envoy.service.ext_proc.v3.ExternalProcessor/Process` from Envoy, read in place.
///
/// It borrows the message's bytes. `proto/envoy` has the fields that are read; others are skipped.
struct ProcessingRequest {
  enum Part {
    case requestHeaders(HeaderBlock, endsStream: Bool)
    case responseHeaders(HeaderBlock, endsStream: Bool)
    case requestBody(UnsafeRawBufferPointer, endsStream: Bool)
    case responseBody(UnsafeRawBufferPointer, endsStream: Bool)
    case requestTrailers
    case responseTrailers
  }

  /// `ProtocolConfiguration`, which comes with a stream's first message.
  struct BodyModes: Equatable {
    static let none: UInt32 = 0
    static let fullDuplexStreamed: UInt32 = 4

    var request: UInt32 = 0
    var response: UInt32 = 0
  }

  /// Nil when the message has none that is known.
  private(set) var part: Part?
  /// The endpoints that the gateway's metadata allows; nil when it says nothing of them.
  private(set) var subset: [String]?
  private(set) var bodyModes: BodyModes?

  init(parsing bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
    var cursor = ProtobufCursor(bytes)
    while let field = try cursor.nextField() {
      switch (field.number, field.type) {
      case (2, .bytes):
        let (block, endsStream) = try Self.headers(&cursor)
        part = .requestHeaders(block, endsStream: endsStream)
      case (3, .bytes):
        let (block, endsStream) = try Self.headers(&cursor)
        part = .responseHeaders(block, endsStream: endsStream)
      case (4, .bytes):
        let (body, endsStream) = try Self.body(&cursor)
        part = .requestBody(body, endsStream: endsStream)
      case (5, .bytes):
        let (body, endsStream) = try Self.body(&cursor)
        part = .responseBody(body, endsStream: endsStream)
      case (6, .bytes):
        _ = try cursor.bytes()
        part = .requestTrailers
      case (7, .bytes):
        _ = try cursor.bytes()
        part = .responseTrailers
      case (8, .bytes):
        var metadata = try cursor.message()
        subset = try SubsetHint.read(&metadata) ?? subset
      case (11, .bytes): bodyModes = try Self.bodyModes(&cursor)
      default: try cursor.skip(field.type)
      }
    }
  }

  /// `HttpHeaders`.
  private static func headers(
    _ cursor: inout ProtobufCursor
  ) throws(ProtobufError) -> (HeaderBlock, Bool) {
    var message = try cursor.message()
    var block = HeaderBlock()
    var endsStream = false
    while let field = try message.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes): block = HeaderBlock(try message.message())
      case (3, .varint): endsStream = try message.bool()
      default: try message.skip(field.type)
      }
    }
    return (block, endsStream)
  }

  /// `HttpBody`.
  private static func body(
    _ cursor: inout ProtobufCursor
  ) throws(ProtobufError) -> (UnsafeRawBufferPointer, Bool) {
    var message = try cursor.message()
    var body = UnsafeRawBufferPointer(start: nil, count: 0)
    var endsStream = false
    while let field = try message.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes): body = try message.bytes()
      case (2, .varint): endsStream = try message.bool()
      default: try message.skip(field.type)
      }
    }
    return (body, endsStream)
  }

  private static func bodyModes(_ cursor: inout ProtobufCursor) throws(ProtobufError) -> BodyModes {
    var message = try cursor.message()
    var modes = BodyModes()
    while let field = try message.nextField() {
      switch (field.number, field.type) {
      case (1, .varint): modes.request = try message.uint32()
      case (2, .varint): modes.response = try message.uint32()
      default: try message.skip(field.type)
      }
    }
    return modes
  }
}
