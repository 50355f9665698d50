internal import CXXH

/// The sections of a snapshot, one after the other, each verified before it is given out.
struct SnapshotSections: ~Copyable {
  private static let headBytes = 16
  private static let checksumBytes = 8
  /// A length is believed as far as bytes arrive.
  private static let pieceBytes = 1 << 20

  let header: SnapshotHeader
  /// Sections given out so far.
  private(set) var place = 0
  private let input: SnapshotReader.Input
  private var head = GrowableBuffer<UInt8>(capacity: SnapshotFormat.headerBytes)
  private var body = GrowableBuffer<UInt8>(capacity: SnapshotFormat.treeSectionBytes * 2)
  /// Named where the next section can't be told.
  private var last = SnapshotSection.header

  init(_ input: @escaping SnapshotReader.Input) throws(SnapshotError) {
    self.input = input
    try Self.read(SnapshotFormat.headerBytes, into: &head, input)
    header = try Self.header(Self.bytes(head))
  }

  /// The next one's payload, valid until the next call; nil at the end.
  mutating func next() throws(SnapshotError) -> SnapshotCursor? {
    try Self.read(Self.headBytes, into: &head, input)
    guard head.count > 0 else { return nil }
    guard head.count == Self.headBytes else { throw .truncated(last) }
    var cursor = SnapshotCursor(Self.bytes(head), of: last)
    guard let section = SnapshotSection(rawValue: try cursor.number()), section != .header else {
      throw .damaged(last, "an unknown section follows it")
    }
    _ = try cursor.take(4)
    guard let length = Int(exactly: try cursor.number(as: UInt64.self)),
      length < Int.max - Self.checksumBytes
    else { throw .truncated(section) }
    try Self.read(length + Self.checksumBytes, into: &body, input)
    guard body.count == length + Self.checksumBytes else { throw .truncated(section) }
    let bytes = Self.bytes(body)
    let payload = UnsafeRawBufferPointer(rebasing: bytes[..<length])
    let checksum = UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: length, as: UInt64.self))
    guard checksum == SnapshotChecksum.of(Self.bytes(head), payload, place: place) else {
      throw .damaged(section, "its checksum is another one")
    }
    place += 1
    last = section
    return SnapshotCursor(payload, of: section)
  }

  /// Whether nothing follows what was given out.
  mutating func isAtEnd() throws(SnapshotError) -> Bool {
    try Self.read(1, into: &head, input)
    return head.count == 0
  }

  private static func bytes(_ buffer: borrowing GrowableBuffer<UInt8>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: buffer.pointer(at: 0), count: buffer.count)
  }

  /// Puts so many bytes into the buffer, or those that there are.
  private static func read(
    _ count: Int, into buffer: inout GrowableBuffer<UInt8>, _ input: SnapshotReader.Input
  ) throws(SnapshotError) {
    buffer.removeAll()
    while buffer.count < count {
      let piece = min(count - buffer.count, pieceBytes)
      buffer.reserve(piece)
      let target = UnsafeMutableRawBufferPointer(
        start: buffer.pointer(at: buffer.count), count: piece)
      let taken = try input(target)
      buffer.setCount(buffer.count + taken)
      if taken < piece { return }
    }
  }

  private static func header(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError)
    -> SnapshotHeader
  {
    guard bytes.count >= 8,
      bytes.loadUnaligned(as: UInt64.self) == SnapshotFormat.magic.littleEndian
    else { throw .notASnapshot }
    guard bytes.count == SnapshotFormat.headerBytes else { throw .truncated(.header) }
    var cursor = SnapshotCursor(bytes, of: .header)
    _ = try cursor.take(8)
    let version = try cursor.number(as: UInt32.self)
    let reserved = try cursor.number(as: UInt32.self)
    let header = SnapshotHeader(
      keyCheck: try cursor.number(), writtenAt: try cursor.number())
    guard XXH3_64bits(bytes.baseAddress, cursor.offset) == (try cursor.number(as: UInt64.self))
    else { throw cursor.damage("its checksum is another one") }
    guard version == SnapshotFormat.version else { throw .otherVersion(version) }
    guard reserved == 0 else { throw cursor.damage("a reserved number is not 0") }
    return header
  }
}

/// A section's checksum: that of its payload, seeded by that of its head and its place.
enum SnapshotChecksum {
  static func of(
    _ head: UnsafeRawBufferPointer, _ payload: UnsafeRawBufferPointer, place: Int
  ) -> UInt64 {
    let seed = XXH3_64bits_withSeed(head.baseAddress, head.count, UInt64(place))
    return XXH3_64bits_withSeed(payload.baseAddress, payload.count, seed)
  }
}
