/// `kvindexer.v1.RankScore`.
package struct RankScoreMessage: ProtobufMessage, Equatable, Sendable {
  package var rank: UInt32 = 0
  /// 0 while it is not known.
  package var blockSize: UInt32 = 0
  package var matchedTokens: UInt32 = 0
  package var tiers = TierTokenCounts()
  package var trust = TrustCode.unspecified
  /// Empty when `trust` is exact.
  package var reason = ""

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .varint): rank = try cursor.uint32()
    case (2, .varint): blockSize = try cursor.uint32()
    case (3, .varint): matchedTokens = try cursor.uint32()
    case (4, .varint): tiers.gpu = try cursor.uint32()
    case (5, .varint): tiers.cpu = try cursor.uint32()
    case (6, .varint): tiers.disk = try cursor.uint32()
    case (7, .varint): tiers.remote = try cursor.uint32()
    case (8, .varint): trust = TrustCode(rawValue: try cursor.uint32())
    case (9, .bytes): reason = try cursor.string()
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.stringIfPresent(9, reason)
    writer.varintIfPresent(8, trust.rawValue)
    writer.varintIfPresent(7, tiers.remote)
    writer.varintIfPresent(6, tiers.disk)
    writer.varintIfPresent(5, tiers.cpu)
    writer.varintIfPresent(4, tiers.gpu)
    writer.varintIfPresent(3, matchedTokens)
    writer.varintIfPresent(2, blockSize)
    writer.varintIfPresent(1, rank)
  }
}
