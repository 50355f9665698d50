/// `kvindexer.v1.WatchEvent`: one source of the fleet, and what happened to it.
package struct WatchEventMessage: ProtobufMessage, Equatable, Sendable {
  /// `kvindexer.v1.WatchEvent.Kind`: a number that may be newer than this program.
  package struct Kind: RawRepresentable, Equatable, Sendable {
    package var rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    package static let unspecified = Kind(rawValue: 0)
    package static let present = Kind(rawValue: 1)
    package static let added = Kind(rawValue: 2)
    package static let changed = Kind(rawValue: 3)
    package static let removed = Kind(rawValue: 4)
    package static let synced = Kind(rawValue: 5)
  }

  package var endpoint = ""
  package var address = ""
  package var model = ""
  package var kind = Kind.unspecified
  package var rank: UInt32 = 0
  package var trust = TrustCode.unspecified
  /// Empty when `trust` is exact.
  package var reason = ""
  /// 0 while it is not known.
  package var blockSize: UInt32 = 0
  package var incarnation: UInt32 = 0

  package init() {}

  package mutating func read(
    _ field: ProtobufField, from cursor: inout ProtobufCursor
  ) throws(ProtobufError) {
    switch (field.number, field.type) {
    case (1, .bytes): endpoint = try cursor.string()
    case (2, .bytes): address = try cursor.string()
    case (3, .bytes): model = try cursor.string()
    case (4, .varint): kind = Kind(rawValue: try cursor.uint32())
    case (5, .varint): rank = try cursor.uint32()
    case (6, .varint): trust = TrustCode(rawValue: try cursor.uint32())
    case (7, .bytes): reason = try cursor.string()
    case (8, .varint): blockSize = try cursor.uint32()
    case (9, .varint): incarnation = try cursor.uint32()
    default: try cursor.skip(field.type)
    }
  }

  package func write(to writer: inout ProtobufWriter) {
    writer.varintIfPresent(9, incarnation)
    writer.varintIfPresent(8, blockSize)
    writer.stringIfPresent(7, reason)
    writer.varintIfPresent(6, trust.rawValue)
    writer.varintIfPresent(5, rank)
    writer.varintIfPresent(4, kind.rawValue)
    writer.stringIfPresent(3, model)
    writer.stringIfPresent(2, address)
    writer.stringIfPresent(1, endpoint)
  }
}
