extension ApproximateIndex {
  /// Stops the process where an invariant of the design is broken; for tests.
  ///
  /// - Complexity: O(blocks × lanes).
  public func checkInvariants() {
    var listed = 0
    for lane in 0..<laneCount {
      let blocks = recencies[lane].blocks
      precondition(blocks.count == recencies[lane].count, "blocks of lane \(lane)")
      precondition(blocks.count <= recencies[lane].capacity, "lane \(lane) is over its capacity")
      precondition(Set(blocks).count == blocks.count, "lane \(lane) lists a block twice")
      precondition(isUsed[lane] || blocks.isEmpty, "lane \(lane) has blocks and no endpoint")
      for block in blocks {
        precondition(recencies[lane].contains(block), "lane \(lane) does not find its block")
        precondition(table.contains(block, lane), "lane \(lane) is no holder of its block")
      }
      listed += blocks.count
    }
    var held = 0
    var blocks = 0
    var wide = 0
    table.visit { _, holders in
      let lanes = table.sets.lanes(of: holders)
      precondition(Set(lanes).count == lanes.count, "a holder twice")
      precondition(holders.isWide == (lanes.count > LaneList.inlineMax), "the form of holders")
      held += lanes.count
      blocks += 1
      wide += holders.isWide ? 1 : 0
    }
    precondition(held == listed, "\(held) holders of \(listed) listed blocks")
    precondition(blocks == table.count, "\(blocks) blocks of \(table.count)")
    precondition(wide == table.sets.count, "\(wide) bitsets of \(table.sets.count)")
  }
}
