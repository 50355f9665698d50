/// The index of a physical block; 0 is the null block, which is never handed out.
typealias BlockID = UInt32

/// The paged KV memory of an engine: physical blocks, who uses them, and what they still cache.
///
///     blocks   [ 0 null ][ 1 ][ 2 ][ 3 ] … [ n−1 ]
///     free     0 ⇄ least recently freed ⇄ … ⇄ most recently freed ⇄ 0    a ring through block 0
///     cached   hash ─→ first copy ⇄ second copy ⇄ …                      a ring a hash
///
/// - A block is in the free ring exactly when nobody references it. A free block keeps its hash and
///   can be hit until it is handed out again: eviction is reuse, and nothing else.
/// - A hash may have several copies, since a request never swaps a block it has filled for an equal
///   one. Hits take the oldest copy. Each copy is announced when stored and when evicted.
/// - Blocks of one request are freed tail first, so that prefixes outlive their continuations.
///   Blocks without a hash go to the front of the ring: they are of no use to anybody.
///
/// Links are indices in the blocks themselves: no operation allocates, and all are O(1) a block.
struct BlockPool {
  struct Block {
    /// Meaningful only while the block is cached.
    var hash: UInt64 = 0
    var references: UInt32 = 0
    var previousFree: BlockID = 0
    var nextFree: BlockID = 0
    var previousCopy: BlockID = 0
    /// The block itself when it is the only copy; 0 when it is not cached.
    var nextCopy: BlockID = 0

    var isCached: Bool { nextCopy != 0 }
  }

  var blocks: [Block]
  var table: CachedBlockTable
  /// Blocks in the free ring.
  var freeCount: Int
  /// What happened since the last `takeEvents()`.
  private var events: [BlockEvent] = []

  /// Makes a pool of `blockCount` blocks, of which block 0 is reserved.
  init(blockCount: Int) {
    precondition(blockCount >= 2, "\(blockCount) blocks leave none to use")
    blocks = [Block](repeating: Block(), count: blockCount)
    table = CachedBlockTable(hashesMax: blockCount)
    freeCount = blockCount - 1
    for index in blocks.indices {
      blocks[index].previousFree = BlockID((index + blockCount - 1) % blockCount)
      blocks[index].nextFree = BlockID((index + 1) % blockCount)
    }
  }

  /// Blocks that requests can use.
  var usableCount: Int { blocks.count - 1 }

  /// Hands out `count` free blocks, least recently freed first, evicting what they cache.
  mutating func allocate(_ count: Int, into owned: inout [BlockID]) {
    precondition(count <= freeCount, "\(count) blocks wanted, \(freeCount) free")
    for _ in 0..<count {
      let block = blocks[0].nextFree
      unlinkFree(block)
      if blocks[Int(block)].isCached { evict(block) }
      blocks[Int(block)].references = 1
      owned.append(block)
    }
  }

  /// Adds a reference to blocks that a request hit, taking free ones out of the ring.
  mutating func touch(_ hits: [BlockID]) {
    for block in hits {
      if blocks[Int(block)].references == 0 { unlinkFree(block) }
      blocks[Int(block)].references += 1
    }
  }

  /// Gives back the blocks of one request, which come in the order of its tokens.
  mutating func release(_ owned: [BlockID]) {
    var lastUncached: BlockID = 0
    for block in owned.reversed() {
      blocks[Int(block)].references -= 1
      guard blocks[Int(block)].references == 0 else { continue }
      if blocks[Int(block)].isCached {
        linkFree(block, after: blocks[0].previousFree)
      } else {
        linkFree(block, after: lastUncached)
        lastUncached = block
      }
    }
  }

  mutating func record(_ event: BlockEvent) {
    events.append(event)
  }

  /// The events since the last call, in the order in which they happened.
  mutating func takeEvents() -> [BlockEvent] {
    defer { events = [] }
    return events
  }

  private mutating func linkFree(_ block: BlockID, after previous: BlockID) {
    let next = blocks[Int(previous)].nextFree
    blocks[Int(block)].previousFree = previous
    blocks[Int(block)].nextFree = next
    blocks[Int(previous)].nextFree = block
    blocks[Int(next)].previousFree = block
    freeCount += 1
  }

  private mutating func unlinkFree(_ block: BlockID) {
    let previous = blocks[Int(block)].previousFree
    let next = blocks[Int(block)].nextFree
    blocks[Int(previous)].nextFree = next
    blocks[Int(next)].previousFree = previous
    freeCount -= 1
  }
}
