/// `kvindexer.v1.ScoreResponse`.
package struct ScoreResponseMessage: ProtobufMessage, Equatable, Sendable {
  /// `kvindexer.v1.Timings`, in microseconds.
  package struct Timings: ProtobufMessage, Equatable, Sendable {
    package var parse: UInt32 = 0
    package var render: UInt32 = 0
    package var hash: UInt32 = 0
    package var match: UInt32 = 0
    package var total: UInt32 = 0

    package init() {}
  }

  package var model = ""
  package var promptTokens: UInt32 = 0
  package var tokensFrom = TokensFromCode.unspecified
  package var endpoints: [EndpointScoreMessage] = []
  /// Empty when the answer is neither estimated nor partial.
  package var reason = ""
  package var isPartial = false
  package var took: Timings?
  /// Shape `[prompt_tokens]`; empty when they were not asked for.
  package var tokens: [UInt32] = []
  /// Empty when there is an answer.
  package var error = ""

  static let endpointsField: UInt32 = 4

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): model = try cursor.string()
    case (2, .varint): promptTokens = try cursor.uint32()
    case (3, .varint): tokensFrom = TokensFromCode(rawValue: try cursor.uint32())
    case (Self.endpointsField, .bytes):
      endpoints.append(try EndpointScoreMessage(nestedIn: &cursor))
    case (5, .bytes): reason = try cursor.string()
    case (6, .varint): isPartial = try cursor.bool()
    case (7, .bytes): try readTimings(&cursor)
    case (8, .bytes): try cursor.packedFixed32(into: &tokens)
    case (8, .fixed32): tokens.append(try cursor.fixed32())
    case (9, .bytes): error = try cursor.string()
    default: try cursor.skip(field.type)
    }
  }

  private mutating func readTimings(_ cursor: inout ProtobufCursor) throws(ProtobufError) {
    var merged = took ?? Timings()
    try merged.mergeNested(in: &cursor)
    took = merged
  }

  package func write(to writer: inout ProtobufWriter) {
    write(to: &writer) { $0.messages(Self.endpointsField, endpoints) }
  }

  /// Writes the message with other endpoints than its own, which `body` writes, last to first.
  func write(to writer: inout ProtobufWriter, endpoints body: (inout ProtobufWriter) -> Void) {
    writer.stringIfPresent(9, error)
    writer.packedFixed32(8, tokens)
    if let took { writer.message(7, took) }
    writer.boolIfPresent(6, isPartial)
    writer.stringIfPresent(5, reason)
    body(&writer)
    writer.varintIfPresent(3, tokensFrom.rawValue)
    writer.varintIfPresent(2, promptTokens)
    writer.stringIfPresent(1, model)
  }
}

extension ScoreResponseMessage.Timings {
  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .varint): parse = try cursor.uint32()
    case (2, .varint): render = try cursor.uint32()
    case (3, .varint): hash = try cursor.uint32()
    case (4, .varint): match = try cursor.uint32()
    case (5, .varint): total = try cursor.uint32()
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.varintIfPresent(5, total)
    writer.varintIfPresent(4, match)
    writer.varintIfPresent(3, hash)
    writer.varintIfPresent(2, render)
    writer.varintIfPresent(1, parse)
  }
}
