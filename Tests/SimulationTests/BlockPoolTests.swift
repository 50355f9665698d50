import Testing

@testable import Simulation

@Suite struct BlockPoolTests {
  @Test func `Blocks are handed out in order and freed ones come last, tail first`() {
    var pool = BlockPool(blockCount: 6)
    var first: [BlockID] = []
    pool.allocate(3, into: &first)
    #expect(first == [1, 2, 3])
    for block in first { pool.cache(block, as: UInt64(block)) }
    pool.release(first)
    var second: [BlockID] = []
    pool.allocate(5, into: &second)
    #expect(second == [4, 5, 3, 2, 1])
    #expect(pool.takeEvents() == [.removed(3), .removed(2), .removed(1)])
    pool.checkInvariants()
  }

  @Test func `Blocks that cache nothing are reused before all others, tail first`() {
    var pool = BlockPool(blockCount: 6)
    var owned: [BlockID] = []
    pool.allocate(4, into: &owned)
    pool.cache(owned[0], as: 10)
    pool.release(owned)
    var next: [BlockID] = []
    pool.allocate(5, into: &next)
    #expect(next == [4, 3, 2, 5, 1])
    #expect(pool.takeEvents() == [.removed(10)])
    pool.checkInvariants()
  }

  @Test func `A hit takes the oldest copy, and the next one after its eviction`() {
    var pool = BlockPool(blockCount: 4)
    var owned: [BlockID] = []
    pool.allocate(3, into: &owned)
    for block in owned { pool.cache(block, as: 7) }
    var hits: [BlockID] = []
    for block in owned {
      pool.longestHit([7, 8], blocksMax: 2, into: &hits)
      #expect(hits == [block])
      pool.evict(block)
      pool.checkInvariants()
    }
    pool.longestHit([7], blocksMax: 1, into: &hits)
    #expect(hits.isEmpty)
    #expect(pool.takeEvents() == [.removed(7), .removed(7), .removed(7)])
  }

  @Test func `A hit keeps a free block from being reused`() {
    var pool = BlockPool(blockCount: 3)
    var owned: [BlockID] = []
    pool.allocate(2, into: &owned)
    pool.cache(1, as: 1)
    pool.cache(2, as: 2)
    pool.release(owned)
    #expect(pool.freeBlocks(among: [1, 2]) == 2)
    pool.touch([2])
    #expect(pool.freeBlocks(among: [1, 2]) == 1)
    var next: [BlockID] = []
    pool.allocate(1, into: &next)
    #expect(next == [1])
    #expect(pool.freeCount == 0)
    pool.checkInvariants()
  }

  @Test func `The cache is cleared only when no block is in use`() {
    var pool = BlockPool(blockCount: 3)
    var owned: [BlockID] = []
    pool.allocate(1, into: &owned)
    pool.cache(1, as: 1)
    let refused = pool.clearCache()
    pool.release(owned)
    let cleared = pool.clearCache()
    #expect(!refused && cleared)
    #expect(pool.takeEvents() == [.cleared])
    var hits: [BlockID] = []
    pool.longestHit([1], blocksMax: 1, into: &hits)
    #expect(hits.isEmpty)
    pool.checkInvariants()
  }
}
