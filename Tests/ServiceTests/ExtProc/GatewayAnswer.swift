@testable import Service

/// A message to Envoy as Envoy reads it.
enum GatewayAnswer: Equatable {
  case headers(ProcessingResponse.Half, Headers)
  case body(ProcessingResponse.Half, String, endsStream: Bool)
  case trailers(ProcessingResponse.Half)
  case immediate(status: Int, Headers, body: String)

  struct Headers: Equatable {
    var set: [String] = []
    var remove: [String] = []
    var clearsRouteCache = false
  }

  struct Unreadable: Error {}

  init(parsing bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBytes { bytes in
      var cursor = ProtobufCursor(bytes)
      var answer: GatewayAnswer?
      while let field = try cursor.nextField() {
        var message = try cursor.message()
        let half: ProcessingResponse.Half = field.number % 2 == 1 ? .request : .response
        switch field.number {
        case 1, 2: answer = .headers(half, try Self.common(&message).headers)
        case 3, 4:
          let (_, body, endsStream) = try Self.common(&message)
          answer = .body(half, body, endsStream: endsStream)
        case 5, 6: answer = .trailers(half)
        case 7: answer = try Self.immediate(&message)
        case 8: break
        default: throw Unreadable()
        }
      }
      guard let answer else { throw Unreadable() }
      return answer
    }
  }

  private static func common(
    _ cursor: inout ProtobufCursor
  ) throws -> (headers: Headers, body: String, endsStream: Bool) {
    var (headers, body, endsStream) = (Headers(), "", false)
    while try cursor.nextField() != nil {
      var common = try cursor.message()
      while let field = try common.nextField() {
        switch field.number {
        case 2:
          var mutation = try common.message()
          try take(&mutation, into: &headers)
        case 3:
          var mutation = try common.message()
          while try mutation.nextField() != nil {
            var piece = try mutation.message()
            while let field = try piece.nextField() {
              if field.number == 1 { body = try piece.string() } else { endsStream = true }
              if field.number == 2 { _ = try piece.bool() }
            }
          }
        default: headers.clearsRouteCache = try common.bool()
        }
      }
    }
    return (headers, body, endsStream)
  }

  private static func take(_ mutation: inout ProtobufCursor, into headers: inout Headers) throws {
    while let field = try mutation.nextField() {
      guard field.number == 1 else {
        headers.remove.append(try mutation.string())
        continue
      }
      var option = try mutation.message()
      while let field = try option.nextField() {
        guard field.number == 1 else {
          guard try option.varint() == 2 else { throw Unreadable() }
          continue
        }
        var header = try option.message()
        var (name, value) = ("", "")
        while let field = try header.nextField() {
          if field.number == 1 { name = try header.string() } else { value = try header.string() }
        }
        headers.set.append("\(name): \(value)")
      }
    }
  }

  private static func immediate(_ cursor: inout ProtobufCursor) throws -> GatewayAnswer {
    var (status, headers, body) = (0, Headers(), "")
    while let field = try cursor.nextField() {
      switch field.number {
      case 1:
        var code = try cursor.message()
        while try code.nextField() != nil { status = Int(try code.varint()) }
      case 2:
        var mutation = try cursor.message()
        try take(&mutation, into: &headers)
      case 3: body = try cursor.string()
      default: try cursor.skip(field.type)
      }
    }
    return .immediate(status: status, headers, body: body)
  }
}
