import Service
import Tokenize

/// What Envoy sends of one request and its response in full-duplex mode, each as the bytes of gRPC
/// messages.
struct GatewayMessages: Sendable {
  /// Envoy cuts bodies at its buffers; the largest piece that gateways are used to.
  static let pieceBytesMax = 62_000
  private static let fullDuplexStreamed: UInt64 = 4

  /// The headers and the whole body.
  let request: [UInt8]
  /// The headers and the whole body of the answer.
  let response: [UInt8]

  init(body: [UInt8], answer: [UInt8]) {
    request =
      Self.framed { writer in
        // protocol_config, which the first message has
        writer.message(11) { writer in
          writer.varint(2, Self.fullDuplexStreamed)
          writer.varint(1, Self.fullDuplexStreamed)
        }
        writer.message(2) { Self.write(Self.requestHeaders(body.count), to: &$0) }
      } + Self.pieces(body, field: 4)
    response =
      Self.framed { writer in
        writer.message(3) { Self.write(Self.responseHeaders(answer.count), to: &$0) }
      } + Self.pieces(answer, field: 5)
  }

  private static func requestHeaders(_ bodyBytes: Int) -> [(String, String)] {
    [
      (":authority", "gateway.example:8081"), (":path", "/v1/completions"), (":method", "POST"),
      (":scheme", "http"), ("accept", "application/json"),
      ("accept-encoding", "gzip, deflate"), ("content-type", "application/json"),
      ("authorization", "Bearer sk-0123456789abcdef0123456789abcdef"),
      ("user-agent", "OpenAI/Python 1.99.1"), ("x-stainless-lang", "python"),
      ("x-stainless-package-version", "1.99.1"), ("x-stainless-runtime", "CPython"),
      ("content-length", "\(bodyBytes)"), ("x-forwarded-proto", "http"),
      ("x-request-id", "6f2c3a52-9f0c-4c0f-8b0c-0e2f6f5c7d11"),
    ]
  }

  private static func responseHeaders(_ bodyBytes: Int) -> [(String, String)] {
    [
      (":status", "200"), ("date", "Sat, 22 Aug 2026 12:00:00 GMT"), ("server", "uvicorn"),
      ("content-length", "\(bodyBytes)"), ("content-type", "application/json"),
      ("x-envoy-upstream-service-time", "3"),
    ]
  }

  /// Writes an `HttpHeaders`; values go into `raw_value`, as Envoy sends them.
  private static func write(_ headers: [(String, String)], to writer: inout ProtobufWriter) {
    writer.message(1) { writer in
      for (name, value) in headers.reversed() {
        writer.message(1) { writer in
          writer.string(3, value)
          writer.string(1, name)
        }
      }
    }
  }

  /// Bodies in pieces, the last of which ends the stream.
  private static func pieces(_ body: [UInt8], field: UInt32) -> [UInt8] {
    stride(from: 0, to: body.count, by: pieceBytesMax).flatMap { start in
      let end = min(start + pieceBytesMax, body.count)
      return framed { writer in
        writer.message(field) { writer in
          writer.boolIfPresent(2, end == body.count)
          body[start..<end].withUnsafeBytes { writer.bytes(1, $0) }
        }
      }
    }
  }

  /// A message with gRPC's prefix.
  private static func framed(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    write(&writer)
    withUnsafeBytes(of: UInt32(writer.count).bigEndian) { writer.prepend($0) }
    withUnsafeBytes(of: 0 as UInt8) { writer.prepend($0) }
    return writer.array()
  }
}
