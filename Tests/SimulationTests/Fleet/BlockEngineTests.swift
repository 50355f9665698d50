import KVIndexer
import Testing

@testable import Simulation

@Suite struct BlockEngineTests {
  /// Serves a prompt alone; returns its hits and what was evicted for it.
  private func serve(
    _ ids: [TokenID], request: Int, on engine: inout BlockEngine
  ) -> (hits: Int, evicted: [UInt64])? {
    engine.enqueue(request)
    guard let start = engine.begin(ids[...]) else { return nil }
    engine.finishPrefill(ids[...])
    engine.release(request)
    return start
  }

  @Test func `A prompt hits what an earlier one left, up to the first block that differs`() {
    var engine = BlockEngine(usableBlocks: 8)
    #expect(serve([1, 2, 3], request: 0, on: &engine)?.hits == 0)
    #expect(serve([1, 2, 3], request: 1, on: &engine)?.hits == 3)
    #expect(serve([1, 2, 4], request: 2, on: &engine)?.hits == 2)
    engine.pool.checkInvariants()
  }

  @Test func `The tail of what was used longest ago is evicted first`() {
    var engine = BlockEngine(usableBlocks: 6)
    _ = serve([1, 2, 3], request: 0, on: &engine)
    _ = serve([4, 5, 6], request: 1, on: &engine)
    let start = serve([7, 8], request: 2, on: &engine)
    #expect(start?.evicted == [BlockName.hash(3), BlockName.hash(2)])
    #expect(serve([1, 2, 3], request: 3, on: &engine)?.hits == 1)
  }

  @Test func `A prompt waits until others let go of enough blocks`() {
    var engine = BlockEngine(usableBlocks: 4)
    engine.enqueue(0)
    engine.enqueue(1)
    #expect(engine.begin([1, 2, 3]) != nil)
    #expect(engine.next == nil)
    engine.finishPrefill([1, 2, 3])
    #expect(engine.next == 1 && engine.begin([4, 5]) == nil)
    engine.release(0)
    #expect(engine.begin([4, 5]) != nil)
    #expect(engine.waiting.count == 0 && engine.computing == 1)
  }

  @Test func `A restart empties the cache and gives back who had no first token`() {
    var engine = BlockEngine(usableBlocks: 8)
    for request in 0..<3 { engine.enqueue(request) }
    _ = engine.begin([1, 2])
    engine.finishPrefill([1, 2])
    _ = engine.begin([3])
    #expect(engine.restart() == [1, 2])
    #expect(serve([1, 2], request: 5, on: &engine)?.hits == 0)
  }

  @Test(arguments: [1, 2, 3])
  func `Random prompts keep the pool consistent`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var engine = BlockEngine(usableBlocks: 40)
    var running: [Int] = []
    for request in 0..<2_000 {
      // Prompts are paths of a tree: the id of a child follows from its parent's.
      var ids: [TokenID] = [TokenID(random.below(4))]
      for _ in 0..<random.below(10) {
        ids.append(ids[ids.count - 1] &* 5 &+ TokenID(random.below(3)) &+ 11)
      }
      engine.enqueue(request)
      while engine.begin(ids[...]) == nil { engine.release(running.removeFirst()) }
      engine.finishPrefill(ids[...])
      running.append(request)
      if request % 50 == 0 { engine.pool.checkInvariants() }
    }
  }
}
