/// `kvindexer.v1.ScoreBatchRequest`.
package struct ScoreBatchRequestMessage: ProtobufMessage, Equatable, Sendable {
  package var requests: [ScoreRequestMessage] = []

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): requests.append(try ScoreRequestMessage(nestedIn: &cursor))
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) { writer.messages(1, requests) }
}

/// `kvindexer.v1.ScoreBatchResponse`.
package struct ScoreBatchResponseMessage: ProtobufMessage, Equatable, Sendable {
  package var responses: [ScoreResponseMessage] = []

  static let responsesField: UInt32 = 1

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (Self.responsesField, .bytes):
      responses.append(try ScoreResponseMessage(nestedIn: &cursor))
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.messages(Self.responsesField, responses)
  }
}
