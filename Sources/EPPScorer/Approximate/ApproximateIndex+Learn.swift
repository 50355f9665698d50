public import Tokenize

extension ApproximateIndex {
  /// Notes that a prompt was sent to an endpoint, which will hold its blocks.
  ///
  /// Of a prompt longer than the endpoint's capacity the first blocks count. The first block
  /// becomes the one that was used last, so a prompt is forgotten from its end.
  ///
  /// - Complexity: O(`blocks.count`); allocates nothing but the table's growth.
  public mutating func learn(_ blocks: [EstimatedBlock], _ lane: ApproximateLane) {
    check(lane)
    blocks.withUnsafeBufferPointer { blocks in
      var end = min(blocks.count, recencies[lane.index].capacity)
      while end > 0 {
        let start = max(end - Self.groupBlocks, 0)
        learn(UnsafeBufferPointer(rebasing: blocks[start..<end]), lane.index)
        end = start
      }
    }
  }

  /// Blocks whose memory is loaded together: it is all over the place, and one by one each block
  /// would wait for it several times.
  private static var groupBlocks: Int { 32 }

  private mutating func learn(_ group: UnsafeBufferPointer<EstimatedBlock>, _ lane: Int) {
    let recency = recencies + lane
    for block in group {
      recency.pointee.prefetchBucket(block.bits)
      table.prefetch(block.bits)
    }
    let room = recency.pointee.capacity - recency.pointee.count
    let leaving = max(group.count - room, 0)
    recency.pointee.visitOldest(leaving) { hash in
      recency.pointee.prefetchBucket(hash)
      table.prefetch(hash)
    }
    for block in group { recency.pointee.prefetchNode(block.bits) }
    recency.pointee.visitOldest(leaving) { recency.pointee.prefetchNode($0) }
    for block in group.reversed() {
      if recency.pointee.refresh(block.bits) { continue }
      if recency.pointee.count == recency.pointee.capacity { forgetOldest(lane) }
      recency.pointee.insert(block.bits)
      table.insert(block.bits, lane)
    }
  }

  /// Takes what an engine says that it found of a prompt: what was believed beyond is forgotten.
  ///
  /// To be called before the prompt is learned, which it may be afterwards: by then the engine has
  /// computed it. Finding more than was believed changes nothing.
  ///
  /// - Parameters:
  ///   - blocks: The prompt's blocks.
  ///   - deliveredBlocks: The leading ones that the engine did not have to compute.
  /// - Returns: The blocks that were forgotten.
  @discardableResult
  public mutating func correct(
    _ blocks: [EstimatedBlock], _ lane: ApproximateLane, deliveredBlocks: Int
  ) -> Int {
    check(lane)
    var forgotten = 0
    for block in blocks.dropFirst(max(deliveredBlocks, 0)) {
      guard recencies[lane.index].remove(block.bits) else { continue }
      table.remove(block.bits, lane.index)
      forgotten += 1
    }
    return forgotten
  }
}
