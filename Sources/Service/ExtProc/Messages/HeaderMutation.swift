internal import EPPScorer

/// Headers to remove, and then headers to set.
struct HeaderMutation: ProtobufWritable {
  typealias Header = SchedulingResult.Header

  /// `OVERWRITE_IF_EXISTS_OR_ADD`.
  private static let overwrite: UInt64 = 2

  var set: [Header] = []
  var remove: [String] = []

  func write(to writer: inout ProtobufWriter) {
    writer.strings(2, remove)
    for index in set.indices.reversed() {
      writer.message(1) { writer in
        writer.varint(3, Self.overwrite)
        writer.message(1) { writer in
          // Envoy takes no notice of `value`, the field between.
          writer.string(3, set[index].value)
          writer.string(1, set[index].name)
        }
      }
    }
  }
}
