/// `kvindexer.v1.EndpointScore`.
package struct EndpointScoreMessage: ProtobufMessage, Equatable, Sendable {
  package var endpoint = ""
  package var address = ""
  /// 0 while it is not known.
  package var blockSize: UInt32 = 0
  package var matchedTokens: UInt32 = 0
  package var tiers = TierTokenCounts()
  package var reservedTokens: UInt32 = 0
  package var score = 0.0
  package var trust = TrustCode.unspecified
  /// Empty when `trust` is exact.
  package var reason = ""
  /// Empty when they were not asked for.
  package var ranks: [RankScoreMessage] = []

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): endpoint = try cursor.string()
    case (2, .bytes): address = try cursor.string()
    case (3, .varint): blockSize = try cursor.uint32()
    case (4, .varint): matchedTokens = try cursor.uint32()
    case (5, .varint): tiers.gpu = try cursor.uint32()
    case (6, .varint): tiers.cpu = try cursor.uint32()
    case (7, .varint): tiers.disk = try cursor.uint32()
    case (8, .varint): tiers.remote = try cursor.uint32()
    case (9, .varint): reservedTokens = try cursor.uint32()
    case (10, .fixed64): score = try cursor.double()
    case (11, .varint): trust = TrustCode(rawValue: try cursor.uint32())
    case (12, .bytes): reason = try cursor.string()
    case (13, .bytes): ranks.append(try RankScoreMessage(nestedIn: &cursor))
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.messages(13, ranks)
    writer.stringIfPresent(12, reason)
    writer.varintIfPresent(11, trust.rawValue)
    writer.doubleIfPresent(10, score)
    writer.varintIfPresent(9, reservedTokens)
    writer.varintIfPresent(8, tiers.remote)
    writer.varintIfPresent(7, tiers.disk)
    writer.varintIfPresent(6, tiers.cpu)
    writer.varintIfPresent(5, tiers.gpu)
    writer.varintIfPresent(4, matchedTokens)
    writer.varintIfPresent(3, blockSize)
    writer.stringIfPresent(2, address)
    writer.stringIfPresent(1, endpoint)
  }
}
