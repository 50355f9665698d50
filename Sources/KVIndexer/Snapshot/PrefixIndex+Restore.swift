/// Runs put back from a snapshot, into an index that holds nothing but them.
struct TreeRestoration: ~Copyable {
  /// By lane of the snapshot; nil where nobody takes what it held.
  let lanes: [LaneID?]
  /// By number of the snapshot.
  let namespaces: [NamespaceID]
  let seal: HashSeal
  /// By run's number in the snapshot.
  fileprivate var nodes: [UInt32]
  fileprivate var keys = GrowableBuffer<UInt64>(capacity: PrefixIndex.runMax)
  fileprivate var hashes = GrowableBuffer<UInt64>(capacity: PrefixIndex.runMax)
  /// By block of the run at hand, whether somebody holds it.
  fileprivate var live = GrowableBuffer<UInt64>(capacity: PrefixIndex.runMax / 64)
  fileprivate(set) var totals = SnapshotTotals()

  init(lanes: [LaneID?], namespaces: [NamespaceID], seal: HashSeal, runBound: Int) {
    self.lanes = lanes
    self.namespaces = namespaces
    self.seal = seal
    nodes = Array(repeating: PrefixIndex.none, count: runBound)
  }
}

extension PrefixIndex {
  /// Sizes the tables for what is to come, which growing step by step would move several times.
  ///
  /// What a snapshot announces is only believed as far as the budget allows.
  ///
  /// - Parameter residencies: Of all that is wanted; no more blocks than that will be held.
  mutating func makeRoom(for sizes: SnapshotSizes, residencies: Int) {
    blockTable.reserve(min(sizes.heldBlocks, residencies, byteBudget / 16))
    nodeTable.reserve(min(sizes.runs, nodes.capacity))
  }

  /// Puts the runs of one section in; `linkRestored` has to follow the last section.
  mutating func restore(
    _ cursor: inout SnapshotCursor, with restoration: inout TreeRestoration
  ) throws(SnapshotError) {
    while !cursor.isAtEnd {
      let run = try SnapshotRun(from: &cursor)
      try check(run, restoration, cursor)
      let node = makeRestored(run, &restoration)
      try restoreHolders(of: node, run, &cursor, &restoration)
      restoration.totals.runs += 1
      restoration.totals.blocks += run.blocks
    }
  }

  private func check(
    _ run: SnapshotRun, _ restoration: borrowing TreeRestoration, _ cursor: SnapshotCursor
  ) throws(SnapshotError) {
    guard run.number < restoration.nodes.count,
      restoration.nodes[Int(run.number)] == Self.none,
      run.parent == Self.none || run.parent < restoration.nodes.count,
      nodeTable.find(run.key(0)) == HandleTable.none
    else { throw cursor.damage("a run is there twice, or has no place") }
    guard Int(run.namespace) < restoration.namespaces.count else {
      throw cursor.damage("a run is in no namespace")
    }
    let stored = granules.liveBytes + nodes.liveBytes + words.wordsInUse * 8
    guard stored <= byteBudget else { throw .overBudget(bytes: byteBudget) }
  }

  /// A node with the run's blocks, not linked yet.
  private mutating func makeRestored(
    _ run: SnapshotRun, _ restoration: inout TreeRestoration
  ) -> UInt32 {
    restoration.keys.removeAll()
    restoration.keys.reserve(run.blocks)
    for offset in 0..<run.blocks { restoration.keys.appendReserved(run.key(offset)) }
    let node = makeNode(
      parent: Self.none, depth: run.depth, firstKey: run.key(0),
      namespace: restoration.namespaces[Int(run.namespace)])
    restoration.nodes[Int(run.number)] = node
    nodes.cold[Int(node)].parent = run.parent
    nodes.cold[Int(node)].born = CoarseTime(tenths: clock.tenths - min(run.ageTenths, clock.tenths))
    appendBlocks(node, restoration.keys.pointer(at: 0), run.blocks)
    return node
  }

  private mutating func restoreHolders(
    of node: UInt32, _ run: SnapshotRun, _ cursor: inout SnapshotCursor,
    _ restoration: inout TreeRestoration
  ) throws(SnapshotError) {
    let wordCount = run.bitmapWords
    restoration.live.removeAll()
    for _ in 0..<wordCount { restoration.live.append(0) }
    var longest = 0
    for _ in 0..<run.holderCount {
      let holder = try run.holder(from: &cursor)
      restoration.totals.residencies += holder.blocks
      guard Int(holder.lane) < restoration.lanes.count,
        let lane = restoration.lanes[Int(holder.lane)]
      else { continue }
      guard coverage(node, lane) == .nothing else {
        throw cursor.damage("a lane holds a run twice")
      }
      var held = Coverage.nothing
      if holder.bitmap.isEmpty {
        held = .cut(holder.cut)
        longest = max(longest, holder.cut)
      } else {
        for word in 0..<wordCount {
          restoration.live.pointer(at: word).pointee |= holder.word(word)
          held = adding(bits: holder.word(word), at: word * 64, to: held)
        }
      }
      setCoverage(node, lane, .nothing, held)
      lanes[lane.index].blocks += holder.blocks
    }
    for word in 0..<wordCount where longest > word * 64 {
      restoration.live.pointer(at: word).pointee |=
        UInt64.max >> UInt64(64 - min(longest - word * 64, 64))
    }
    try enliven(node, run, cursor, &restoration)
  }

  /// `coverage` with the blocks of one word of a bitmap.
  private mutating func adding(bits: UInt64, at first: Int, to coverage: Coverage) -> Coverage {
    var coverage = coverage
    var left = bits
    while left != 0 {
      let lower = left.trailingZeroBitCount
      let count = (~(left >> UInt64(lower))).trailingZeroBitCount
      coverage = adding(first + lower..<first + lower + count, to: coverage)
      left &= count + lower >= 64 ? 0 : UInt64.max << UInt64(lower + count)
    }
    return coverage
  }

  /// Gives the blocks that somebody holds their engine hashes.
  private mutating func enliven(
    _ node: UInt32, _ run: SnapshotRun, _ cursor: SnapshotCursor,
    _ restoration: inout TreeRestoration
  ) throws(SnapshotError) {
    let seal = restoration.seal
    restoration.hashes.removeAll()
    restoration.hashes.reserve(run.blocks)
    for offset in 0..<run.blocks {
      let hash = seal.open(run.hash(offset))
      blockTable.prefetch(hash)
      restoration.hashes.appendReserved(hash)
    }
    let (hashes, live) = (restoration.hashes.pointer(at: 0), restoration.live.pointer(at: 0))
    for offset in 0..<run.blocks where live[offset >> 6] >> UInt64(offset & 63) & 1 != 0 {
      let hash = hashes[offset]
      guard blockTable.find(hash) == HandleTable.none else {
        throw cursor.damage("two blocks have one hash")
      }
      let block = block(node, offset)
      granules.hashes[block] = hash
      setLive(block)
      blockTable.insert(hash, handle: UInt32(block))
    }
  }

  /// Links the runs to their parents and frees what nobody holds, now that all are there.
  mutating func linkRestored(_ restoration: borrowing TreeRestoration) throws(SnapshotError) {
    for node in 0..<nodes.touched where length(node) > 0 {
      let cold = nodes.cold[Int(node)]
      guard cold.parent != Self.none else {
        guard cold.depth == 0 else { throw .damaged(.tree, "a root is not at the start") }
        continue
      }
      let parent = restoration.nodes[Int(cold.parent)]
      guard parent != Self.none,
        Int(cold.depth) == Int(nodes.cold[Int(parent)].depth) + length(parent),
        nodes.cold[Int(parent)].namespace == cold.namespace
      else { throw .damaged(.tree, "a run does not follow its parent") }
      link(node, under: parent)
    }
    for node in 0..<nodes.touched
    where length(node) > 0 && nodes.cold[Int(node)].firstChild == Self.none {
      trim(node)
    }
  }

  /// Puts the copies of a lane's blocks back; false where it does not hold one of them.
  mutating func restoreCopies(_ copies: [UInt64: UInt32], of lane: LaneID) -> Bool {
    for canonical in copies.keys {
      let found = blockTable.find(canonical)
      guard found != HandleTable.none else { return false }
      let (node, offset) = place(of: Int(found))
      guard holds(coverage(node, lane), offset) else { return false }
    }
    copyEntries += copies.count - lanes[lane.index].extraCopies.count
    lanes[lane.index].extraCopies = copies
    return true
  }

  /// Copies beyond the first of a lane's blocks, by canonical hash.
  func copies(of lane: LaneID) -> [UInt64: UInt32] { lanes[lane.index].extraCopies }
}
