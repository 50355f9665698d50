extension PrefixIndex {
  /// What a removal did.
  public enum RemoveOutcome: Sendable {
    case removed
    /// One copy of several is gone; the block is still held.
    case copy
    /// The lane does not hold such a block: engines repeat removals after a replay.
    case unknown
  }

  /// Drops what `scope` calls `hash` from `lane`.
  ///
  /// - Parameter siblings: All lanes of the scope: its name for the block lives as long as one of
  ///   them holds it.
  /// - Complexity: O(1) for one of few holders of a node; O(partial holders) of the node at worst.
  @discardableResult
  public mutating func remove(
    _ lane: LaneID, scope: inout HashScope, hash: EngineHash, siblings: LaneSet = LaneSet()
  ) -> RemoveOutcome {
    changes &+= 1
    let canonical = scope.canonical(hash)
    guard let entry = blockTable.locate(canonical) else {
      if !scope.aliases.isEmpty { scope.aliases[hash.bits] = nil }
      return .unknown
    }
    let block = Int(blockTable.handle(at: entry))
    let (node, offset) = place(of: block)
    let held = coverage(node, lane)
    guard holds(held, offset) else { return .unknown }
    if copyEntries > 0, takeCopy(lane, canonical) { return .copy }
    setCoverage(node, lane, held, removing(offset, from: held))
    lanes[lane.index].blocks -= 1
    note(.evicted, of: lane, block)
    if canonical != hash.bits,
      !siblings.contains(where: { $0 != lane && holds(coverage(node, $0), offset) })
    {
      scope.aliases[hash.bits] = nil
    }
    if !isHeld(node, offset) {
      blockTable.remove(at: entry)
      clearLive(block)
      if offset == length(node) - 1 { trim(node) }
    }
    return .removed
  }

  /// Starts loading what removals of `hashes` will touch.
  public func prefetch(_ hashes: UnsafePointer<EngineHash>, count: Int) {
    for index in 0..<count { blockTable.prefetch(hashes[index].bits) }
  }

  /// Starts loading where `hash` is looked up.
  @inline(__always)
  public func prefetch(_ hash: EngineHash) { blockTable.prefetch(hash.bits) }

  private mutating func takeCopy(_ lane: LaneID, _ canonical: UInt64) -> Bool {
    guard let copies = lanes[lane.index].extraCopies[canonical] else { return false }
    lanes[lane.index].extraCopies[canonical] = copies == 1 ? nil : copies - 1
    if copies == 1 { copyEntries -= 1 }
    return true
  }

  /// Takes a block that nobody holds out of the table; its key stays while the run needs it.
  private mutating func kill(_ block: Int) {
    blockTable.remove(granules.hashes[block])
    clearLive(block)
  }

  /// Drops every block of `lane` and its copies; the caller empties the lane's scope.
  ///
  /// - Parameter cause: What is remembered as the reason, of the first thousands of blocks.
  /// - Returns: Blocks dropped.
  /// - Complexity: O(blocks of the lane), whatever the size of the index.
  @discardableResult
  public mutating func clear(_ lane: LaneID, cause: BlockLoss.Cause = .cleared) -> Int {
    changes &+= 1
    let dropped = lanes[lane.index].blocks
    let listed = lanes[lane.index].nodes
    lanes[lane.index].nodes = []
    listedNodes -= listed.count
    var logged = 0
    for node in listed { drop(lane, from: node, cause, &logged) }
    copyEntries -= lanes[lane.index].extraCopies.count
    lanes[lane.index].extraCopies = [:]
    assert(lanes[lane.index].blocks == 0 && lanes[lane.index].nodeCount == 0)
    return dropped
  }

  /// Drops a part of what `lane` holds, whole runs at a time.
  ///
  /// - Parameters:
  ///   - blocksMax: After how many blocks no further run is begun.
  ///   - remembers: Whether the first thousands of blocks are remembered as lost.
  /// - Returns: Blocks dropped; 0 only when there are none left.
  package mutating func clear(
    _ lane: LaneID, cause: BlockLoss.Cause, atMost blocksMax: Int, remembers: Bool
  ) -> Int {
    changes &+= 1
    var dropped = 0
    var logged = remembers ? 0 : Self.dropLossesMax
    while dropped < blocksMax, let node = lanes[lane.index].nodes.popLast() {
      listedNodes -= 1
      dropped += drop(lane, from: node, cause, &logged)
    }
    return dropped
  }

  /// Clears a lane and gives its id back.
  public mutating func removeLane(_ lane: LaneID) {
    lanes[lane.index].lossOwner = .nobody
    clear(lane)
    freeLanes.append(lane)
  }

  /// From now on it is remembered which blocks `lane` loses, as losses of `source`.
  package mutating func rememberLosses(of lane: LaneID, _ source: SourceID, _ tier: Tier) {
    lanes[lane.index].lossOwner = LossOwner(source, tier)
  }

  /// Remembers that `lane` lost `block`.
  @inline(__always)
  private mutating func note(_ cause: BlockLoss.Cause, of lane: LaneID, _ block: Int) {
    let owner = lanes[lane.index].lossOwner
    if !owner.isNobody { losses.append(granules.keys[block], owner, cause, clock) }
  }

  /// Losses remembered of what is dropped at once, and of each stretch of it: a prompt is missed
  /// first where its run begins.
  private static var dropLossesMax: Int { 4096 }
  private static var stretchLossesMax: Int { 64 }

  /// Drops what `lane` holds of `node`, if anything; returns the number of blocks.
  ///
  /// - Parameter logged: Losses remembered of what is dropped at once.
  @discardableResult
  mutating func drop(
    _ lane: LaneID, from node: UInt32, _ cause: BlockLoss.Cause, _ logged: inout Int
  ) -> Int {
    let held = coverage(node, lane)
    var runs: [Range<Int>] = []
    switch held {
    case .nothing: return 0
    case .cut(let length): runs = [0..<length]
    case .map(let handle):
      var from = 0
      while let run = nextRun(handle, from: from) {
        runs.append(run)
        from = run.upperBound
      }
      releaseMap(handle)
    }
    setCoverage(node, lane, held, .nothing)
    let hasCopies = !lanes[lane.index].extraCopies.isEmpty
    var dropped = 0
    for run in runs {
      dropped += run.count
      let remembered = min(run.count, Self.stretchLossesMax, Self.dropLossesMax - logged)
      logged += remembered
      for offset in run.prefix(remembered) { note(cause, of: lane, block(node, offset)) }
      for offset in run {
        let block = block(node, offset)
        if hasCopies,
          lanes[lane.index].extraCopies.removeValue(forKey: granules.hashes[block]) != nil
        {
          copyEntries -= 1
        }
        if !isHeld(node, offset) { kill(block) }
      }
    }
    lanes[lane.index].blocks -= dropped
    trim(node)
    return dropped
  }

  /// Blocks that `lane` holds, copies not counted.
  public func blocks(of lane: LaneID) -> Int { lanes[lane.index].blocks }

  /// Blocks that the byte budget took from `lane`.
  public func evicted(of lane: LaneID) -> Int { lanes[lane.index].evicted }
}
