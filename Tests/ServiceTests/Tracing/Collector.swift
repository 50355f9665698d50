import Testing

@testable import Service

/// An OpenTelemetry collector that keeps what it is sent.
final class Collector: @unchecked Sendable {
  /// A span as it arrived.
  struct Arrived: Equatable {
    var trace = ""
    var span = ""
    var parent = ""
    var name = ""
    var kind = 0
    var start: UInt64 = 0
    var end: UInt64 = 0
    var attributes: [String: String] = [:]
    var fault: String?
  }

  private let lock = Lock()
  private var bodies: [[UInt8]] = []
  private var statuses: [Int]
  private var server: HTTPServer?

  /// - Parameter statuses: Of the first answers; the others are 200.
  init(answering statuses: [Int] = []) throws {
    self.statuses = statuses
    server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { [unowned self] request, reply in
        #expect(request.path == "/v1/traces" && request.method == .post)
        #expect(request.header("content-type") == "application/x-protobuf")
        reply.send(HTTPResponse(status: take(request.body), contentType: "text/plain", body: []))
      })
  }

  func stop() { server?.stop(waitingAtMost: .zero) }

  var url: String { server.map { "http://\($0.addresses[0])" } ?? "" }

  var requests: [[UInt8]] { lock.withLock { bodies } }

  private func take(_ body: [UInt8]) -> Int {
    lock.withLock {
      let status = statuses.isEmpty ? 200 : statuses.removeFirst()
      if status == 200 { bodies.append(body) }
      return status
    }
  }

  /// All spans, once there are so many.
  func spans(atLeast count: Int) throws -> [Arrived] {
    try Deadline.wait {
      let spans = try requests.flatMap { try Self.read($0).spans }
      return spans.count >= count ? spans : nil
    }
  }

  // MARK: Reading

  /// An `ExportTraceServiceRequest`, read by the numbers of `trace.proto`.
  static func read(_ body: [UInt8]) throws -> (resource: [String: String], spans: [Arrived]) {
    var resource: [String: String] = [:]
    var spans: [Arrived] = []
    try body.withUnsafeBytes { bytes in
      var request = ProtobufCursor(bytes)
      try each(&request) { _, request in
        var resourceSpans = try request.message()
        try each(&resourceSpans) { field, resourceSpans in
          var message = try resourceSpans.message()
          try each(&message) { inner, message in
            switch (field, inner) {
            case (1, 1): try attribute(&message, &resource)
            case (2, 2): spans.append(try span(&message))
            default: _ = try message.bytes()
            }
          }
        }
      }
    }
    return (resource, spans)
  }

  private static func each(
    _ cursor: inout ProtobufCursor, _ body: (UInt32, inout ProtobufCursor) throws -> Void
  ) throws {
    while let field = try cursor.nextField() { try body(field.number, &cursor) }
  }

  private static func span(_ parent: inout ProtobufCursor) throws -> Arrived {
    var span = Arrived()
    var cursor = try parent.message()
    try each(&cursor) { field, cursor in
      switch field {
      case 1: span.trace = Hex.text([UInt8](try cursor.bytes()))
      case 2: span.span = Hex.text([UInt8](try cursor.bytes()))
      case 4: span.parent = Hex.text([UInt8](try cursor.bytes()))
      case 5: span.name = try cursor.string()
      case 6: span.kind = Int(try cursor.varint())
      case 7: span.start = try cursor.fixed64()
      case 8: span.end = try cursor.fixed64()
      case 9: try attribute(&cursor, &span.attributes)
      case 15:
        var status = try cursor.message()
        try each(&status) { field, status in
          if field == 2 { span.fault = try status.string() } else { _ = try status.varint() }
        }
      case 16: #expect(try cursor.fixed32() == 1)
      default: Issue.record("field \(field) of a span")
      }
    }
    return span
  }

  private static func attribute(
    _ parent: inout ProtobufCursor, _ attributes: inout [String: String]
  ) throws {
    var cursor = try parent.message()
    var name = ""
    try each(&cursor) { field, cursor in
      guard field == 2 else {
        name = try cursor.string()
        return
      }
      var value = try cursor.message()
      try each(&value) { field, value in
        attributes[name] =
          switch field {
          case 1: try value.string()
          case 2: "\(try value.bool())"
          case 3: "\(Int64(bitPattern: try value.varint()))"
          case 4: "\(try value.double())"
          default: "field \(field)"
          }
      }
    }
  }
}
