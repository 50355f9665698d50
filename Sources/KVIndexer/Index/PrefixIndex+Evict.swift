extension PrefixIndex {
  /// Frees storage until it takes no more than `target` bytes, coldest leaves first.
  ///
  /// The clock hand gives a node that was matched or stored to since its last visit one more
  /// round. Only leaves go, so a shared prefix outlives what hangs below it.
  ///
  /// - Returns: Lanes that lost blocks, with the number of them.
  public mutating func evict(to target: Int) -> [(lane: LaneID, blocks: Int)] {
    changes &+= 1
    var lost: [Int: Int] = [:]
    var visits = 0
    var logged = 0
    let others = liveBytes - storedBytes
    while storedBytes + others > target, visits < 3 * Int(nodes.touched) {
      visits += 1
      let node = clockHand < nodes.touched ? clockHand : 0
      clockHand = node + 1
      guard length(node) > 0, nodes.cold[Int(node)].firstChild == Self.none else { continue }
      var use = NodeUse(bits: nodes.hot[Int(node)].use)
      if use.isUsed {
        use.clearUsed()
        nodes.hot[Int(node)].use = use.bits
        continue
      }
      for holder in allHolders(node) {
        lost[holder.lane, default: 0] += drop(LaneID(holder.lane), from: node, .budget, &logged)
      }
    }
    for (lane, blocks) in lost {
      lanes[lane].evicted += blocks
      evictedBlocks += blocks
    }
    return lost.sorted { $0.key < $1.key }.map { (LaneID($0.key), $0.value) }
  }

  /// Bytes that hold something now: what the budget counts, since freed storage is reused.
  public var liveBytes: Int { storedBytes + laneBytes }

  private var storedBytes: Int {
    granules.liveBytes + nodes.liveBytes + words.wordsInUse * 8 + blockTable.bytes + nodeTable.bytes
  }
}
