import KVIndexer

/// A prefix index with a lane and a hash scope for each lane of a forest.
struct LoadedIndex: ~Copyable {
  var index: PrefixIndex
  let lanes: [LaneID]
  /// Each lane as a list of its own, as `find` wants them.
  private let lookups: [LaneSet]
  var scopes: [HashScope]

  init(lanes count: Int, byteBudget: Int = 2 << 30) {
    index = PrefixIndex(byteBudget: byteBudget)
    var added: [LaneID] = []
    for number in 0..<count {
      added.append(index.addLane())
      index.rememberLosses(of: added[number], SourceID(number), .gpu)
    }
    lanes = added
    lookups = lanes.map { LaneSet($0) }
    scopes = Array(repeating: HashScope(), count: count)
  }

  /// An index that holds a whole forest.
  init(_ forest: Forest) {
    self.init(lanes: forest.shape.lanes)
    for store in forest.stores { apply(store, of: forest) }
  }

  /// Applies one store of a forest.
  mutating func apply(_ store: Forest.Store, of forest: Forest) {
    self.store(forest.chains[store.chain], store.range, lane: store.lane)
  }

  /// Stores a range of a chain on a lane that holds the block before it.
  mutating func store(_ chain: Forest.Chain, _ range: Range<Int>, lane: Int) {
    var parent = BlockParent.root(BlockKey(0))
    if range.lowerBound > 0 {
      guard let block = find(chain.hashes[range.lowerBound - 1], lane: lane) else {
        preconditionFailure("lane \(lane) does not hold block \(range.lowerBound - 1)")
      }
      parent = .block(block)
    }
    store(parent, chain.keys[range], chain.hashes[range], lane: lane)
  }

  /// The block that a lane calls `hash`.
  func find(_ hash: EngineHash, lane: Int) -> BlockRef? {
    index.find(hash, scope: scopes[lane], lanes: lookups[lane])
  }

  /// Stores a run of blocks after `parent`.
  mutating func store(
    _ parent: BlockParent, _ keys: ArraySlice<UInt64>, _ hashes: ArraySlice<EngineHash>,
    lane: Int
  ) {
    keys.withUnsafeBufferPointer { keys in
      hashes.withUnsafeBufferPointer { hashes in
        guard let first = keys.baseAddress, let names = hashes.baseAddress else { return }
        index.store(
          lanes[lane], scope: &scopes[lane], parent: parent, keys: first, hashes: names,
          count: keys.count)
      }
    }
  }

  /// Removes a block from a lane, as a removal event of one block does.
  mutating func remove(_ hash: EngineHash, lane: Int) {
    index.remove(lanes[lane], scope: &scopes[lane], hash: hash)
  }

  /// Removes blocks from a lane, as a removal event of several does.
  mutating func remove(_ hashes: ArraySlice<EngineHash>, lane: Int) {
    hashes.withUnsafeBufferPointer { hashes in
      guard let base = hashes.baseAddress else { return }
      index.prefetch(base, count: hashes.count)
      for position in 0..<hashes.count { remove(base[position], lane: lane) }
    }
  }

  @inline(__always)
  func match(_ keys: [UInt64], into buffer: inout MatchBuffer) {
    keys.withUnsafeBufferPointer { keys in
      guard let base = keys.baseAddress else { return }
      index.match(base, count: keys.count, into: &buffer)
    }
  }

  /// Compares the depths of all lanes with what brute force says.
  func verify(
    _ queries: [[UInt64]], against holdings: Holdings, _ checksum: inout Checksum,
    _ report: inout Report
  ) {
    var buffer = MatchBuffer()
    for (number, keys) in queries.enumerated() {
      match(keys, into: &buffer)
      for lane in lanes.indices {
        let depth = buffer[lanes[lane]]
        let expected = holdings.leadingBlocks(of: keys, lane: lane)
        checksum.add(depth)
        report.check(
          depth == expected, "query \(number), lane \(lane): \(depth) blocks, not \(expected)")
      }
    }
  }
}
