extension PrefixIndex {
  /// What a store did, in blocks.
  public struct StoreResult: Sendable, Equatable {
    /// Blocks that the lane did not hold before.
    public var added = 0
    /// Blocks that it held already: further copies.
    public var copies = 0
  }

  /// Adds a lane; ids of removed lanes are reused.
  public mutating func addLane() -> LaneID {
    changes &+= 1
    if let lane = freeLanes.popLast() {
      lanes[lane.index] = Lane()
      return lane
    }
    precondition(lanes.count < 1 << 16, "at most 65,536 lanes")
    lanes.append(Lane())
    return LaneID(lanes.count - 1)
  }

  /// The block that `scope` calls `hash`, if one of `lanes` holds it.
  public func find(_ hash: EngineHash, scope: borrowing HashScope, lanes: LaneSet) -> BlockRef? {
    let found = blockTable.find(scope.canonical(hash))
    guard found != HandleTable.none else { return nil }
    let (node, offset) = place(of: Int(found))
    let isHeld = lanes.contains { holds(coverage(node, $0), offset) }
    return isHeld ? BlockRef(bits: found) : nil
  }

  /// The chained key of a block.
  @inline(__always)
  public func key(of block: BlockRef) -> BlockKey { BlockKey(granules.keys[Int(block.bits)]) }

  /// Adds a run of blocks that `lane` holds.
  ///
  /// - Parameters:
  ///   - parent: Where the run continues; a `BlockRef` from this very state of the index.
  ///   - keys: Chained block keys, shape `[count]`; the first hashes the parent's key.
  ///   - hashes: What the engine calls them, shape `[count]`.
  ///   - skipping: So many of the first blocks only lead to the others, and the lane does not get
  ///     them; their hashes are not looked at. Fewer than `count`.
  /// - Complexity: O(`count`), and O(holders) where a run is split.
  @discardableResult
  public mutating func store(
    _ lane: LaneID, scope: inout HashScope, parent: BlockParent, keys: UnsafePointer<UInt64>,
    hashes: UnsafePointer<EngineHash>, count: Int, skipping: Int = 0
  ) -> StoreResult {
    changes &+= 1
    for index in skipping..<count { blockTable.prefetch(hashes[index].bits) }
    var result = StoreResult()
    var node = Self.none
    var offset = 0
    var namespace = NamespaceID.unknown
    switch parent {
    case .root(_, let name): namespace = name
    case .block(let reference):
      (node, offset) = place(of: Int(reference.bits))
      offset += 1
    }
    var index = 0
    while index < count {
      if node != Self.none, offset < length(node) {
        let common = commonLength(node, offset, keys + index, count - index)
        if common > 0 {
          let first = max(index, skipping)
          if first < index + common {
            cover(
              lane, &scope, node, offset + first - index..<offset + common, hashes + first,
              &result)
          }
          index += common
          offset += common
        } else {
          node = split(node, at: offset)
        }
        continue
      }
      let child = nodeTable.find(keys[index])
      if child != HandleTable.none {
        node = child
        offset = 0
        continue
      }
      (node, offset) = grow(node, keys + index, min(count - index, Self.runMax), namespace)
    }
    lanes[lane.index].blocks += result.added
    return result
  }

  /// Lets `lane` hold a block that is in the index, whatever its parents.
  @discardableResult
  public mutating func hold(
    _ lane: LaneID, scope: inout HashScope, block: BlockRef, hash: EngineHash
  ) -> StoreResult {
    changes &+= 1
    let (node, offset) = place(of: Int(block.bits))
    var result = StoreResult()
    withUnsafePointer(to: hash) {
      cover(lane, &scope, node, offset..<offset + 1, $0, &result)
    }
    lanes[lane.index].blocks += result.added
    return result
  }

  /// Room for new blocks after the end of `node`: in it, or in a new child.
  private mutating func grow(
    _ node: UInt32, _ keys: UnsafePointer<UInt64>, _ count: Int, _ namespace: NamespaceID
  ) -> (node: UInt32, offset: Int) {
    guard node != Self.none else {
      let root = makeNode(
        parent: Self.none, depth: 0, firstKey: keys[0], namespace: namespace)
      appendBlocks(root, keys, count)
      return (root, 0)
    }
    let end = length(node)
    if nodes.cold[Int(node)].firstChild == Self.none, end < Self.runMax, mayGrow(node) {
      demoteFull(node)
      appendBlocks(node, keys, min(count, Self.runMax - end))
      return (node, end)
    }
    let depth = Int(nodes.cold[Int(node)].depth) + end
    let child = makeNode(
      parent: node, depth: depth, firstKey: keys[0],
      namespace: nodes.cold[Int(node)].namespace)
    appendBlocks(child, keys, count)
    return (child, 0)
  }

  /// How many of `keys` equal the node's from `offset` on; chained keys make one probe decide.
  @inline(__always)
  func commonLength(
    _ node: UInt32, _ offset: Int, _ keys: UnsafePointer<UInt64>, _ count: Int
  ) -> Int {
    let most = min(length(node) - offset, count)
    if key(node, offset + most - 1) == keys[most - 1] { return most }
    var low = 0
    var high = most - 1
    while low < high {
      let middle = (low + high) >> 1
      if key(node, offset + middle) == keys[middle] { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Books `range` of `node` to the lane, block by block, then its coverage at once.
  private mutating func cover(
    _ lane: LaneID, _ scope: inout HashScope, _ node: UInt32, _ range: Range<Int>,
    _ hashes: UnsafePointer<EngineHash>, _ result: inout StoreResult
  ) {
    let before = coverage(node, lane)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let first = block(node, offset)
      let stop = min(range.upperBound, offset + 16 - first & 15)
      for step in 0..<stop - offset {
        let hash = hashes[offset + step - range.lowerBound]
        let isHeld = holds(before, offset + step)
        if isHeld { result.copies += 1 } else { result.added += 1 }
        let canonical = name(first + step, hash, &scope)
        if isHeld, scope.duplicates == .counted {
          addCopy(lane, canonical)
        }
      }
      offset = stop
    }
    setCoverage(node, lane, before, adding(range, to: before))
    var use = NodeUse(bits: nodes.hot[Int(node)].use)
    use.noteStore()
    nodes.hot[Int(node)].use = use.bits
  }

  private mutating func addCopy(_ lane: LaneID, _ canonical: UInt64) {
    let before = lanes[lane.index].extraCopies.count
    lanes[lane.index].extraCopies[canonical, default: 0] += 1
    copyEntries += lanes[lane.index].extraCopies.count - before
  }

  /// Makes the block live under `hash` unless it is, and returns its canonical hash.
  @inline(__always)
  private mutating func name(
    _ block: Int, _ hash: EngineHash, _ scope: inout HashScope
  ) -> UInt64 {
    var canonical = hash.bits
    if isLive(block) {
      canonical = granules.hashes[block]
    } else {
      if blockTable.find(canonical) != HandleTable.none { canonical = unusedHash(for: block) }
      granules.hashes[block] = canonical
      setLive(block)
      blockTable.insert(canonical, handle: UInt32(block))
    }
    if canonical != hash.bits {
      scope.aliases[hash.bits] = canonical
    } else if !scope.aliases.isEmpty {
      scope.aliases[hash.bits] = nil
    }
    return canonical
  }

  /// A canonical hash for a block whose engine hash already names another block.
  private func unusedHash(for block: Int) -> UInt64 {
    var hash = granules.keys[block] ^ 0xA5A5_5A5A_A5A5_5A5A
    while blockTable.find(hash) != HandleTable.none { hash &+= 1 }
    return hash
  }
}
