/// Dynamic metadata, a `Struct`, that tells the gateway where a request goes.
///
///     { "envoy.lb": { "x-gateway-destination-endpoint": "10.0.0.1:8000",
///                     "x-gateway-destination-endpoint-scores": { "10.0.0.1:8000": 0.7, … } } }
struct DestinationMetadata: ProtobufWritable {
  private static let namespace = "envoy.lb"

  var destination: String
  var scores: [(address: String, score: Double)]?

  func write(to writer: inout ProtobufWriter) {
    Self.entry(&writer, Self.namespace) { writer in
      writer.message(5) { writer in
        if let scores { writeScores(scores, to: &writer) }
        Self.entry(&writer, GatewayHeader.destination) { $0.string(3, destination) }
      }
    }
  }

  private func writeScores(
    _ scores: [(address: String, score: Double)], to writer: inout ProtobufWriter
  ) {
    Self.entry(&writer, GatewayHeader.scores) { writer in
      writer.message(5) { writer in
        for index in scores.indices.reversed() {
          // A zero has to be written, or the value would be of no kind.
          Self.entry(&writer, scores[index].address) { $0.double(2, scores[index].score) }
        }
      }
    }
  }

  /// An entry of a `Struct`; `value` writes the `Value`.
  private static func entry(
    _ writer: inout ProtobufWriter, _ key: String, _ value: (inout ProtobufWriter) -> Void
  ) {
    writer.message(1) { writer in
      writer.message(2, value)
      writer.string(1, key)
    }
  }
}
