/// A message of `envoy.service.ext_proc.v3.ExternalProcessor/Process` to Envoy.
enum ProcessingResponse {
  /// Which half of an exchange a message is about.
  enum Half: UInt32 {
    case request = 0
    case response = 1
  }

  /// Pieces of a body that some gateways still take.
  static let bodyBytesMax = 62_000
  /// What a piece of a body has around it, at most.
  static let bodyOverheadBytes = 32

  /// An answer to `request_headers` or `response_headers`.
  struct Headers: ProtobufWritable {
    var half: Half
    var mutation = HeaderMutation()
    var clearsRouteCache = false
    var metadata: DestinationMetadata?

    func write(to writer: inout ProtobufWriter) {
      if let metadata { writer.message(8, metadata) }
      writer.message(1 + half.rawValue) { writer in
        writer.message(1) { writer in
          writer.boolIfPresent(5, clearsRouteCache)
          writer.message(2, mutation)
        }
      }
    }
  }

  /// An answer to `request_body` or `response_body`: a piece of the body.
  struct Body: ProtobufWritable {
    var half: Half
    var bytes: UnsafeRawBufferPointer
    var endsStream: Bool

    func write(to writer: inout ProtobufWriter) {
      writer.message(3 + half.rawValue) { writer in
        writer.message(1) { writer in
          writer.message(3) { writer in
            writer.message(3) { writer in
              writer.boolIfPresent(2, endsStream)
              if !bytes.isEmpty { writer.bytes(1, bytes) }
            }
          }
        }
      }
    }
  }

  /// An answer to `request_trailers` or `response_trailers`, which changes none.
  struct Trailers: ProtobufWritable {
    var half: Half

    func write(to writer: inout ProtobufWriter) { writer.message(5 + half.rawValue) { _ in } }
  }

  /// An answer to the client in place of an upstream's.
  struct Immediate: ProtobufWritable {
    var status: Int
    var headers: HeaderMutation
    var body: String
    /// Shown by `%RESPONSE_CODE_DETAILS%`.
    var details: String

    func write(to writer: inout ProtobufWriter) {
      writer.message(7) { writer in
        writer.stringIfPresent(5, details)
        writer.stringIfPresent(3, body)
        writer.message(2, headers)
        writer.message(1) { $0.varint(1, UInt64(clamping: status)) }
      }
    }
  }
}
