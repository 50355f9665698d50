/// One run of a snapshot's tree, in place: a view of the section's bytes.
struct SnapshotRun {
  let number: UInt32
  /// `PrefixIndex.none` for a root.
  let parent: UInt32
  let depth: Int
  let ageTenths: UInt32
  let namespace: UInt16
  let blocks: Int
  let holderCount: Int
  /// Block keys, then sealed engine hashes; not aligned.
  let keys: UnsafeRawBufferPointer
  let hashes: UnsafeRawBufferPointer

  struct Holder {
    var lane: UInt16
    /// How many blocks from the first one; 0 with a bitmap.
    var cut: Int
    /// By block, unaligned; empty with a cut.
    var bitmap: UnsafeRawBufferPointer

    func word(_ index: Int) -> UInt64 {
      UInt64(littleEndian: bitmap.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
    }

    /// Blocks that it holds.
    var blocks: Int {
      bitmap.isEmpty
        ? cut : (0..<bitmap.count / 8).reduce(0) { $0 + word($1).nonzeroBitCount }
    }

    func holds(_ offset: Int) -> Bool {
      bitmap.isEmpty ? offset < cut : word(offset >> 6) >> UInt64(offset & 63) & 1 != 0
    }
  }

  /// Words of a bitmap of the run.
  var bitmapWords: Int { (blocks + 63) / 64 }

  func key(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: keys.loadUnaligned(fromByteOffset: offset * 8, as: UInt64.self))
  }

  func hash(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: hashes.loadUnaligned(fromByteOffset: offset * 8, as: UInt64.self))
  }

  /// Reads all of a run but its holders, which follow.
  init(from cursor: inout SnapshotCursor) throws(SnapshotError) {
    number = try cursor.number()
    parent = try cursor.number()
    depth = Int(try cursor.number(as: UInt32.self))
    ageTenths = try cursor.number()
    namespace = try cursor.number()
    blocks = Int(try cursor.number(as: UInt16.self))
    holderCount = Int(try cursor.number(as: UInt32.self))
    guard blocks > 0, blocks <= PrefixIndex.runMax else {
      throw cursor.damage("a run has \(blocks) blocks")
    }
    keys = try cursor.take(blocks * 8)
    hashes = try cursor.take(blocks * 8)
  }

  /// Reads the next holder.
  func holder(from cursor: inout SnapshotCursor) throws(SnapshotError) -> Holder {
    let lane = try cursor.number(as: UInt16.self)
    let cut = Int(try cursor.number(as: UInt16.self))
    if cut > 0 {
      guard cut <= blocks else { throw cursor.damage("a holder holds more than the run") }
      return Holder(lane: lane, cut: cut, bitmap: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    let holder = Holder(lane: lane, cut: 0, bitmap: try cursor.take(bitmapWords * 8))
    guard holder.blocks > 0,
      blocks & 63 == 0 || holder.word(bitmapWords - 1) >> UInt64(blocks & 63) == 0
    else { throw cursor.damage("a holder's bitmap does not fit the run") }
    return holder
  }
}
