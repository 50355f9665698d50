extension BlockPool {
  /// Finds the oldest copies of the leading `hashes`, up to the first one that nobody caches.
  ///
  /// - Parameters:
  ///   - hashes: The chained hashes of a prompt's full blocks.
  ///   - blocksMax: Hits beyond this many blocks are not looked for.
  ///   - hits: Receives the blocks in the order of `hashes`; what it held is dropped.
  func longestHit(_ hashes: [UInt64], blocksMax: Int, into hits: inout [BlockID]) {
    hits.removeAll(keepingCapacity: true)
    for hash in hashes.prefix(blocksMax) {
      guard let block = table.first(of: hash) else { return }
      hits.append(block)
    }
  }

  /// How many of `hits` leave the free ring when they are touched.
  func freeBlocks(among hits: [BlockID]) -> Int {
    hits.reduce(0) { blocks[Int($1)].references == 0 ? $0 + 1 : $0 }
  }

  /// Makes a block that a request has filled reusable under `hash`, as its newest copy.
  mutating func cache(_ block: BlockID, as hash: UInt64) {
    precondition(!blocks[Int(block)].isCached, "block \(block) is cached already")
    blocks[Int(block)].hash = hash
    guard let first = table.first(of: hash) else {
      blocks[Int(block)].previousCopy = block
      blocks[Int(block)].nextCopy = block
      table.setFirst(block, of: hash)
      return
    }
    let last = blocks[Int(first)].previousCopy
    blocks[Int(block)].previousCopy = last
    blocks[Int(block)].nextCopy = first
    blocks[Int(last)].nextCopy = block
    blocks[Int(first)].previousCopy = block
  }

  /// Forgets what a block caches and announces the loss of this copy.
  mutating func evict(_ block: BlockID) {
    let evicted = blocks[Int(block)]
    if evicted.nextCopy == block {
      table.remove(evicted.hash)
    } else {
      blocks[Int(evicted.previousCopy)].nextCopy = evicted.nextCopy
      blocks[Int(evicted.nextCopy)].previousCopy = evicted.previousCopy
      if table.first(of: evicted.hash) == block {
        table.setFirst(evicted.nextCopy, of: evicted.hash)
      }
    }
    blocks[Int(block)].previousCopy = 0
    blocks[Int(block)].nextCopy = 0
    record(.removed(evicted.hash))
  }

  /// Empties the cache without touching the order of the free ring.
  ///
  /// - Returns: False, and nothing changes, while a request uses blocks.
  mutating func clearCache() -> Bool {
    guard freeCount == usableCount else { return false }
    table.removeAll()
    for index in blocks.indices {
      blocks[index].previousCopy = 0
      blocks[index].nextCopy = 0
    }
    record(.cleared)
    return true
  }
}
