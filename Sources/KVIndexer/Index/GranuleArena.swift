/// Storage of blocks in granules of 16, each owned by one node.
struct GranuleArena: ~Copyable {
  static var size: Int { 16 }

  /// Owner, place and life of a granule.
  struct Info: BitwiseCopyable {
    var node: UInt32
    /// One bit a slot: some lane holds the block.
    var live: UInt16 = 0
    /// Absolute depth of slot 0, modulo 65,536: more than a run is long, so it tells the offset.
    ///
    /// Slots before the node's first block belong to nobody.
    var depth: UInt16
  }

  private let keyMemory: ReservedMemory<UInt64>
  private let hashMemory: ReservedMemory<UInt64>
  private let infoMemory: ReservedMemory<Info>
  private var freeHead: UInt32 = .max
  private var touched: UInt32 = 0
  private(set) var count = 0

  init(blocksMax: Int) {
    let granulesMax = blocksMax / Self.size
    keyMemory = ReservedMemory(capacity: granulesMax * Self.size)
    hashMemory = ReservedMemory(capacity: granulesMax * Self.size)
    infoMemory = ReservedMemory(capacity: granulesMax)
  }

  /// Chained block keys, by block.
  var keys: UnsafeMutablePointer<UInt64> { @inline(__always) get { keyMemory.base } }
  /// Canonical engine hashes, by block; meaningful where the block is live.
  var hashes: UnsafeMutablePointer<UInt64> { @inline(__always) get { hashMemory.base } }
  var info: UnsafeMutablePointer<Info> { @inline(__always) get { infoMemory.base } }

  var bytes: Int { Int(touched) * (Self.size * 16 + MemoryLayout<Info>.stride) }

  mutating func allocate(node: UInt32, depth: UInt16) -> UInt32 {
    let granule: UInt32
    if freeHead != .max {
      granule = freeHead
      freeHead = info[Int(granule)].node
    } else {
      granule = touched
      precondition(Int(granule) < infoMemory.capacity, "out of granules")
      touched += 1
    }
    info[Int(granule)] = Info(node: node, depth: depth)
    count += 1
    return granule
  }

  mutating func release(_ granule: UInt32) {
    info[Int(granule)].node = freeHead
    freeHead = granule
    count -= 1
  }
}

extension GranuleArena {
  /// Bytes of granules in use.
  var liveBytes: Int { count * (Self.size * 16 + MemoryLayout<Info>.stride) }
}
