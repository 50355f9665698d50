extension BlockPool {
  /// Traps unless the free ring, the copies and the table agree with the blocks; O(blocks).
  func checkInvariants() {
    precondition(blocks[0].references == 0 && !blocks[0].isCached, "the null block is in use")
    checkFreeRing()
    checkCopies()
  }

  private func checkFreeRing() {
    var length = 0
    var block = blocks[0].nextFree
    var previous: BlockID = 0
    while block != 0 {
      let entry = blocks[Int(block)]
      precondition(entry.references == 0, "block \(block) is free and in use")
      precondition(entry.previousFree == previous, "block \(block) has a broken back link")
      length += 1
      precondition(length <= usableCount, "the free ring has a cycle")
      previous = block
      block = entry.nextFree
    }
    precondition(blocks[0].previousFree == previous, "the free ring does not close")
    precondition(length == freeCount, "\(length) blocks in the ring, \(freeCount) counted")
    let unreferenced = blocks.dropFirst().count { $0.references == 0 }
    precondition(unreferenced == length, "\(unreferenced) unreferenced blocks, \(length) free")
  }

  private func checkCopies() {
    var distinct: Set<UInt64> = []
    for index in blocks.indices.dropFirst() where blocks[index].isCached {
      let entry = blocks[index]
      let next = blocks[Int(entry.nextCopy)]
      precondition(next.isCached && next.hash == entry.hash, "block \(index) links a stranger")
      precondition(next.previousCopy == BlockID(index), "block \(index) has a broken copy link")
      distinct.insert(entry.hash)
      precondition(isInRing(BlockID(index)), "block \(index) is not reachable from the table")
    }
    precondition(
      distinct.count == table.count, "\(distinct.count) hashes cached, \(table.count) in the table")
  }

  /// Whether the table's first copy of this block's hash leads to the block.
  private func isInRing(_ block: BlockID) -> Bool {
    guard let first = table.first(of: blocks[Int(block)].hash) else { return false }
    var copy = first
    for _ in 0..<usableCount {
      if copy == block { return true }
      copy = blocks[Int(copy)].nextCopy
      if copy == first { return false }
    }
    return false
  }
}
