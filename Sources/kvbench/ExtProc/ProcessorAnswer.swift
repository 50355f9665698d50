import Service

/// A message of an ext_proc server, as far as a gateway has to understand it.
enum ProcessorAnswer: Equatable {
  /// With the port of the destination; nil when there is none.
  case requestHeaders(port: UInt16?)
  case requestBody(isLast: Bool)
  case responseHeaders
  case responseBody(isLast: Bool)
  /// The request is answered by the picker itself.
  case immediate(status: Int)
  case other

  private static let destination: StaticString = "x-gateway-destination-endpoint"

  init(parsing bytes: UnsafeRawBufferPointer) throws(ProtobufError) {
    self = .other
    var cursor = ProtobufCursor(bytes)
    while let field = try cursor.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes):
        var port: UInt16?
        try Self.common(&cursor) { field, cursor throws(ProtobufError) in
          guard field == 2 else { return false }
          port = try Self.port(in: &cursor)
          return true
        }
        self = .requestHeaders(port: port)
      case (3, .bytes): self = .requestBody(isLast: try Self.endsStream(&cursor))
      case (2, .bytes):
        _ = try cursor.bytes()
        self = .responseHeaders
      case (4, .bytes): self = .responseBody(isLast: try Self.endsStream(&cursor))
      case (7, .bytes): self = .immediate(status: try Self.status(&cursor))
      default: try cursor.skip(field.type)
      }
    }
  }

  /// Reads the `CommonResponse` in the message that comes next.
  ///
  /// - Parameter take: Takes one of its fields; false to skip it.
  private static func common(
    _ cursor: inout ProtobufCursor,
    _ take: (UInt32, inout ProtobufCursor) throws(ProtobufError) -> Bool
  ) throws(ProtobufError) {
    var message = try cursor.message()
    while let field = try message.nextField() {
      guard field.number == 1, field.type == .bytes else {
        try message.skip(field.type)
        continue
      }
      var common = try message.message()
      while let field = try common.nextField() {
        let isTaken = field.type == .bytes ? try take(field.number, &common) : false
        if !isTaken { try common.skip(field.type) }
      }
    }
  }

  /// Reads the `HeaderMutation` that comes next.
  private static func port(in cursor: inout ProtobufCursor) throws(ProtobufError) -> UInt16? {
    var port: UInt16?
    var mutation = try cursor.message()
    while let field = try mutation.nextField() {
      guard field.number == 1, field.type == .bytes else {
        try mutation.skip(field.type)
        continue
      }
      var option = try mutation.message()
      while let field = try option.nextField() {
        guard field.number == 1, field.type == .bytes else {
          try option.skip(field.type)
          continue
        }
        var header = try option.message()
        port = try Self.port(ofHeader: &header) ?? port
      }
    }
    return port
  }

  /// The port in a header's value; nil when it is not the destination.
  private static func port(ofHeader header: inout ProtobufCursor) throws(ProtobufError) -> UInt16? {
    var isDestination = false
    var value: UnsafeRawBufferPointer?
    while let field = try header.nextField() {
      switch (field.number, field.type) {
      case (1, .bytes):
        isDestination = try cursorEquals(header.bytes(), destination)
      case (3, .bytes): value = try header.bytes()
      default: try header.skip(field.type)
      }
    }
    guard isDestination, let value else { return nil }
    let text = String(decoding: value, as: UTF8.self)
    return text.split(separator: ":").last.flatMap { UInt16($0) }
  }

  private static func cursorEquals(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
    bytes.elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// Reads a `BodyResponse`: the end of the stream in its `StreamedBodyResponse`.
  private static func endsStream(_ cursor: inout ProtobufCursor) throws(ProtobufError) -> Bool {
    var isLast = false
    try common(&cursor) { field, cursor throws(ProtobufError) in
      guard field == 3 else { return false }
      var mutation = try cursor.message()
      while let field = try mutation.nextField() {
        guard field.number == 3, field.type == .bytes else {
          try mutation.skip(field.type)
          continue
        }
        var streamed = try mutation.message()
        while let field = try streamed.nextField() {
          if field.number == 2, field.type == .varint {
            isLast = try streamed.bool()
          } else {
            try streamed.skip(field.type)
          }
        }
      }
      return true
    }
    return isLast
  }

  /// Reads an `ImmediateResponse`: its `HttpStatus`.
  private static func status(_ cursor: inout ProtobufCursor) throws(ProtobufError) -> Int {
    var code = 0
    var message = try cursor.message()
    while let field = try message.nextField() {
      guard field.number == 1, field.type == .bytes else {
        try message.skip(field.type)
        continue
      }
      var status = try message.message()
      while let field = try status.nextField() {
        if field.number == 1, field.type == .varint {
          code = Int(try status.uint32())
        } else {
          try status.skip(field.type)
        }
      }
    }
    return code
  }
}
