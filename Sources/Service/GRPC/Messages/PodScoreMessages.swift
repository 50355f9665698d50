/// `indexer.v1.GetPodScoresRequest`.
package struct PodScoresRequestMessage: ProtobufMessage, Equatable, Sendable {
  package var prompt = ""
  package var modelName = ""
  /// Empty for all.
  package var podIdentifiers: [String] = []

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): prompt = try cursor.string()
    case (2, .bytes): modelName = try cursor.string()
    case (3, .bytes): podIdentifiers.append(try cursor.string())
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.strings(3, podIdentifiers)
    writer.stringIfPresent(2, modelName)
    writer.stringIfPresent(1, prompt)
  }
}

/// `indexer.v1.GetPodScoresResponse`.
package struct PodScoresResponseMessage: ProtobufMessage, Equatable, Sendable {
  /// `indexer.v1.PodScore`.
  package struct PodScore: ProtobufMessage, Equatable, Sendable {
    package var pod = ""
    package var score = 0.0

    package init() {}
  }

  package var scores: [PodScore] = []

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): scores.append(try PodScore(nestedIn: &cursor))
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) { writer.messages(1, scores) }
}

extension PodScoresResponseMessage.PodScore {
  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): pod = try cursor.string()
    case (2, .fixed64): score = try cursor.double()
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.doubleIfPresent(2, score)
    writer.stringIfPresent(1, pod)
  }
}
