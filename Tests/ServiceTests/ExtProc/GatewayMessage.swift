@testable import Service

/// Messages as Envoy sends them.
enum GatewayMessage {
  static func headers(
    _ half: ProcessingResponse.Half, _ headers: [(String, String)], endsStream: Bool = false,
    subset: [String]? = nil, modes: ProcessingRequest.BodyModes? = nil
  ) -> [UInt8] {
    message { writer in
      if let modes {
        writer.message(11) { writer in
          writer.varintIfPresent(2, modes.response)
          writer.varintIfPresent(1, modes.request)
        }
      }
      write(subset, to: &writer)
      writer.message(2 + half.rawValue) { writer in
        writer.boolIfPresent(3, endsStream)
        writer.message(1) { writer in
          for (name, value) in headers.reversed() {
            writer.message(1) { writer in
              writer.string(3, value)
              writer.string(1, name)
            }
          }
        }
      }
    }
  }

  static func body(
    _ half: ProcessingResponse.Half, _ text: String, endsStream: Bool = false,
    subset: [String]? = nil
  ) -> [UInt8] {
    message { writer in
      write(subset, to: &writer)
      writer.message(4 + half.rawValue) { writer in
        writer.boolIfPresent(2, endsStream)
        writer.stringIfPresent(1, text)
      }
    }
  }

  static func trailers(_ half: ProcessingResponse.Half) -> [UInt8] {
    message { $0.message(6 + half.rawValue) { _ in } }
  }

  private static func write(_ subset: [String]?, to writer: inout ProtobufWriter) {
    guard let subset else { return }
    entry(&writer, 8, "envoy.lb.subset_hint") { writer in
      entry(&writer, nil, "x-gateway-destination-endpoint-subset") { writer in
        writer.message(6) { writer in
          for address in subset.reversed() { writer.message(1) { $0.string(3, address) } }
        }
      }
    }
  }

  /// A map of one entry, in a field of its own unless that is nil.
  private static func entry(
    _ writer: inout ProtobufWriter, _ field: UInt32?, _ key: String,
    _ value: (inout ProtobufWriter) -> Void
  ) {
    func map(_ writer: inout ProtobufWriter) {
      writer.message(1) { writer in
        writer.message(2, value)
        writer.string(1, key)
      }
    }
    if let field { writer.message(field, map) } else { map(&writer) }
  }

  private static func message(_ write: (inout ProtobufWriter) -> Void) -> [UInt8] {
    var writer = ProtobufWriter()
    write(&writer)
    return writer.array()
  }
}
