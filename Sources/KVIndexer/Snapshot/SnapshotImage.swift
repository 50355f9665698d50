internal import CXXH

/// A snapshot that was read: all its checksums hold, and its sources make sense.
package struct SnapshotImage: Sendable {
  package let header: SnapshotHeader
  package let namespaces: [PromptNamespace]
  package let sources: [SnapshotSource]
  package let totals: SnapshotTotals
  /// Above the number of every run.
  let runBound: Int
  let bytes: [UInt8]
  /// Where the tree's sections have their payloads.
  let tree: [Range<Int>]

  package var byteCount: Int { bytes.count }

  /// Reads a whole snapshot.
  ///
  /// - Throws: `SnapshotError`, which names the section that makes no sense.
  package init(_ bytes: [UInt8]) throws(SnapshotError) {
    var reading = SnapshotReading()
    try bytes.span.withUnsafeBytes { bytes throws(SnapshotError) in try reading.read(bytes) }
    guard let header = reading.header, let layout = reading.layout, let totals = reading.totals
    else { throw .truncated(.end) }
    self.header = header
    self.totals = totals
    (runBound, namespaces) = (layout.runBound, layout.namespaces)
    sources = reading.sources
    tree = reading.tree
    self.bytes = bytes
    try checkLanes()
  }

  private func checkLanes() throws(SnapshotError) {
    let lanes = sources.flatMap { $0.groups.flatMap { $0.lanes.map(\.number) } }
    guard Set(lanes).count == lanes.count else {
      throw .damaged(.source, "a lane belongs to two sources")
    }
  }

  /// Calls `body` with each section of the tree.
  func forEachTreeSection(
    _ body: (inout SnapshotCursor) throws(SnapshotError) -> Void
  ) throws(SnapshotError) {
    try bytes.span.withUnsafeBytes { bytes throws(SnapshotError) in
      for range in tree {
        var cursor = SnapshotCursor(UnsafeRawBufferPointer(rebasing: bytes[range]), of: .tree)
        try body(&cursor)
      }
    }
  }
}

/// What was read of a snapshot so far.
private struct SnapshotReading {
  var header: SnapshotHeader?
  var layout: (runBound: Int, namespaces: [PromptNamespace])?
  var sources: [SnapshotSource] = []
  var tree: [Range<Int>] = []
  var totals: SnapshotTotals?

  mutating func read(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
    try readHeader(bytes)
    var offset = SnapshotFormat.headerBytes
    var sections = 0
    while offset < bytes.count {
      guard totals == nil else { throw .damaged(.end, "something follows it") }
      let frame = try SnapshotFrame(
        in: bytes, at: offset, place: sections, after: layout == nil ? .header : .layout)
      let payload = UnsafeRawBufferPointer(rebasing: bytes[frame.payload])
      var cursor = SnapshotCursor(payload, of: frame.section)
      switch frame.section {
      case .layout where layout == nil: layout = try Self.layout(&cursor)
      case .source where layout != nil && tree.isEmpty:
        sources.append(try SnapshotSource(from: &cursor))
      case .tree where layout != nil: tree.append(frame.payload)
      case .end where layout != nil:
        totals = try Self.totals(&cursor)
        guard totals?.sections == sections else { throw cursor.damage("sections are missing") }
      default: throw cursor.damage("it is out of place")
      }
      sections += 1
      offset = frame.end
    }
  }

  private mutating func readHeader(_ bytes: UnsafeRawBufferPointer) throws(SnapshotError) {
    guard bytes.count >= 8,
      bytes.loadUnaligned(as: UInt64.self) == SnapshotFormat.magic.littleEndian
    else { throw .notASnapshot }
    guard bytes.count >= SnapshotFormat.headerBytes else { throw .truncated(.header) }
    var cursor = SnapshotCursor(
      UnsafeRawBufferPointer(rebasing: bytes[..<SnapshotFormat.headerBytes]), of: .header)
    _ = try cursor.take(8)
    let version = try cursor.number(as: UInt32.self)
    let reserved = try cursor.number(as: UInt32.self)
    let header = SnapshotHeader(
      keyCheck: try cursor.number(), writtenAt: try cursor.number())
    guard XXH3_64bits(bytes.baseAddress, cursor.offset) == (try cursor.number(as: UInt64.self))
    else { throw cursor.damage("its checksum is another one") }
    guard version == SnapshotFormat.version else { throw .otherVersion(version) }
    guard reserved == 0 else { throw cursor.damage("a reserved number is not 0") }
    self.header = header
  }

  private static func layout(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> (Int, [PromptNamespace]) {
    let bound = Int(try cursor.number(as: UInt32.self))
    let namespaces: [PromptNamespace] = try cursor.list(bytesMin: 14) {
      cursor throws(SnapshotError) in
      let model = try cursor.text()
      let lora = try cursor.optional { cursor throws(SnapshotError) in try cursor.text() }
      return PromptNamespace(
        model: model, lora: lora, blockSize: try cursor.integer(), isSalted: try cursor.flag())
    }
    guard namespaces.count <= NamespaceTable.namespacesMax, cursor.isAtEnd else {
      throw cursor.damage("it is too long")
    }
    return (bound, namespaces)
  }

  private static func totals(
    _ cursor: inout SnapshotCursor
  ) throws(SnapshotError) -> SnapshotTotals {
    var totals = SnapshotTotals()
    totals.sections = try cursor.integer()
    totals.runs = try cursor.integer()
    totals.blocks = try cursor.integer()
    totals.residencies = try cursor.integer()
    guard cursor.isAtEnd else { throw cursor.damage("it is too long") }
    return totals
  }
}

/// Where a section is, its checksum verified.
private struct SnapshotFrame {
  var section: SnapshotSection
  var payload: Range<Int>
  var end: Int

  /// - Parameter previous: Named where the section itself can't be told.
  init(
    in bytes: UnsafeRawBufferPointer, at offset: Int, place: Int, after previous: SnapshotSection
  ) throws(SnapshotError) {
    guard bytes.count - offset >= 24 else { throw .truncated(previous) }
    let tag = UInt32(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    guard let section = SnapshotSection(rawValue: tag), section != .header else {
      throw .damaged(previous, "an unknown section follows it")
    }
    let length = UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self))
    guard length <= UInt64(bytes.count - offset - 24) else { throw .truncated(section) }
    payload = offset + 16..<offset + 16 + Int(length)
    end = payload.upperBound + 8
    self.section = section
    let checksum = UInt64(
      littleEndian: bytes.loadUnaligned(fromByteOffset: payload.upperBound, as: UInt64.self))
    let head = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + 16])
    guard
      checksum
        == SnapshotChecksum.of(
          head, UnsafeRawBufferPointer(rebasing: bytes[payload]), place: place)
    else { throw .damaged(section, "its checksum is another one") }
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
