extension PrefixIndex {
  /// Stops the process where an invariant of the design is broken; for tests.
  ///
  /// - Complexity: O(blocks × holders).
  public func checkInvariants() {
    var liveBlocks = 0
    var nodesSeen = 0
    var blocksOfLane = Array(repeating: 0, count: lanes.count)
    var nodesOfLane = Array(repeating: 0, count: lanes.count)
    for node in 0..<nodes.touched where length(node) > 0 {
      nodesSeen += 1
      checkStructure(node)
      let holders = allHolders(node)
      precondition(holders.count == Int(nodes.hot[Int(node)].holderCount), "holders of \(node)")
      precondition(Set(holders.map(\.lane)).count == holders.count, "a lane twice in \(node)")
      for holder in holders {
        nodesOfLane[holder.lane] += 1
        precondition(
          lanes[holder.lane].nodes.contains(node), "lane \(holder.lane) does not list \(node)")
      }
      for offset in 0..<length(node) {
        let block = block(node, offset)
        let place = place(of: block)
        precondition(place == (node, offset), "place of block \(block)")
        precondition(isLive(block) == isHeld(node, offset), "life of block \(block)")
        for holder in holders where holds(holder.coverage, offset) {
          blocksOfLane[holder.lane] += 1
        }
        guard isLive(block) else { continue }
        liveBlocks += 1
        precondition(
          blockTable.find(granules.hashes[block]) == UInt32(block), "table entry of \(block)")
      }
    }
    precondition(liveBlocks == blockTable.count, "\(liveBlocks) live of \(blockTable.count)")
    precondition(nodesSeen == nodes.count && nodesSeen == nodeTable.count, "\(nodesSeen) nodes")
    for (index, lane) in lanes.enumerated() {
      precondition(lane.blocks == blocksOfLane[index], "blocks of lane \(index)")
      precondition(lane.nodeCount == nodesOfLane[index], "nodes of lane \(index)")
    }
  }

  private func checkStructure(_ node: UInt32) {
    let hot = nodes.hot[Int(node)]
    let cold = nodes.cold[Int(node)]
    precondition(hot.firstKey == key(node, 0), "first key of \(node)")
    precondition(hot.lastKey == key(node, length(node) - 1), "last key of \(node)")
    precondition(nodeTable.find(hot.firstKey) == node, "node \(node) is not found")
    precondition(
      Int(hot.granuleCount) == (Int(hot.phase) + length(node) + 15) / 16, "granules of \(node)")
    if cold.firstChild == Self.none {
      precondition(isLive(block(node, length(node) - 1)), "leaf \(node) ends in a dead block")
    }
    var child = cold.firstChild
    var children = 0
    while child != Self.none {
      children += 1
      precondition(nodes.cold[Int(child)].namespace == cold.namespace, "namespace of \(child)")
      precondition(nodes.cold[Int(child)].parent == node, "parent of \(child)")
      precondition(
        Int(nodes.cold[Int(child)].depth) == Int(cold.depth) + length(node), "depth of \(child)")
      child = nodes.cold[Int(child)].nextSibling
    }
    precondition(Int(cold.childCount) == children, "children of \(node)")
  }
}
