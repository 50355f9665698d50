/// `kvindexer.v1.ScoreRequest`: a prompt as token ids, as text, or as a request of an inference API.
package struct ScoreRequestMessage: ProtobufMessage, Equatable, Sendable {
  /// `kvindexer.v1.HTTPBody`.
  package struct HTTPBody: ProtobufMessage, Equatable, Sendable {
    package var path = ""
    package var body: [UInt8] = []

    package init() {}
  }

  package var model = ""
  /// Shape `[prompt_tokens]`; empty when another form was sent.
  package var tokens: [UInt32] = []
  package var prompt: String?
  package var body: HTTPBody?
  /// Empty for none.
  package var cacheSalt = ""
  /// Empty for none.
  package var lora = ""
  /// Empty for all.
  package var endpoints: [String] = []
  /// 0 for all.
  package var topK: UInt32 = 0
  /// 0 for the server's default.
  package var deadlineMilliseconds: UInt32 = 0
  package var wantsDetail = false
  package var wantsTokens = false

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): model = try cursor.string()
    case (2, .bytes): try cursor.packedFixed32(into: &tokens)
    case (2, .fixed32): tokens.append(try cursor.fixed32())
    case (3, .bytes): prompt = try cursor.string()
    case (4, .bytes): try readBody(&cursor)
    case (5, .bytes): cacheSalt = try cursor.string()
    case (6, .bytes): lora = try cursor.string()
    case (7, .bytes): endpoints.append(try cursor.string())
    case (8, .varint): topK = try cursor.uint32()
    case (9, .varint): deadlineMilliseconds = try cursor.uint32()
    case (10, .varint): wantsDetail = try cursor.bool()
    case (11, .varint): wantsTokens = try cursor.bool()
    default: try cursor.skip(field.type)
    }
  }

  private mutating func readBody(_ cursor: inout ProtobufCursor) throws(ProtobufError) {
    var merged = body ?? HTTPBody()
    try merged.mergeNested(in: &cursor)
    body = merged
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.boolIfPresent(11, wantsTokens)
    writer.boolIfPresent(10, wantsDetail)
    writer.varintIfPresent(9, deadlineMilliseconds)
    writer.varintIfPresent(8, topK)
    writer.strings(7, endpoints)
    writer.stringIfPresent(6, lora)
    writer.stringIfPresent(5, cacheSalt)
    if let body { writer.message(4, body) }
    if let prompt { writer.string(3, prompt) }
    writer.packedFixed32(2, tokens)
    writer.stringIfPresent(1, model)
  }
}

extension ScoreRequestMessage.HTTPBody {
  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): path = try cursor.string()
    case (2, .bytes): body = [UInt8](try cursor.bytes())
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.bytesIfPresent(2, body)
    writer.stringIfPresent(1, path)
  }
}
