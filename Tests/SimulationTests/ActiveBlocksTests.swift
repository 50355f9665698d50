import KVIndexer
import Testing

@testable import Simulation

/// What a publisher would tell of its events.
@Suite struct ActiveBlocksTests {
  private func run(_ hashes: [UInt64], parent: UInt64? = nil) -> EngineEvent {
    .stored(
      StoredBlocks(
        hashes: hashes.map { .integer($0) }, parent: parent.map { .integer($0) },
        tokens: hashes.flatMap { [TokenID($0), TokenID($0)] }, blockSize: 2))
  }

  private func removed(_ hash: UInt64) -> EngineEvent {
    .removed(RemovedBlocks(hashes: [.integer(hash)]))
  }

  private func told(_ events: [EngineEvent]) -> [EngineEvent]? {
    var active = ActiveBlocks()
    active.apply(events)
    return active.snapshot(eventsMax: 100)?.flatMap { $0 }
  }

  @Test func `an empty cache is told as one`() {
    #expect(told([]) == [.cleared])
    #expect(told([run([1]), .cleared]) == [.cleared])
    #expect(told([run([1]), removed(1)]) == [.cleared])
  }

  @Test func `blocks are told one by one, parents first, each copy by itself`() {
    #expect(
      told([run([1, 2]), run([3], parent: 2), run([1])])
        == [.cleared, run([1]), run([1]), run([2], parent: 1), run([3], parent: 2)])
  }

  @Test func `what is gone is told only where something hangs on it, and taken back`() {
    let events = [run([1, 2, 3]), removed(1), removed(2)]
    #expect(
      told(events)
        == [
          .cleared, run([1]), run([2], parent: 1), run([3], parent: 2), removed(1), removed(2),
        ])
    #expect(told(events + [removed(3)]) == [.cleared])
    #expect(
      told(events + [run([1])])
        == [.cleared, run([1]), run([2], parent: 1), run([3], parent: 2), removed(2)])
  }

  @Test func `what can't be told is not told, until the cache is emptied`() {
    #expect(told([run([2], parent: 1)]) == nil)
    #expect(told([removed(1)]) == nil)
    #expect(told([run([2], parent: 1), .cleared, run([1])]) == [.cleared, run([1])])
  }

  @Test func `messages are cut by the number of events`() {
    var active = ActiveBlocks()
    active.apply([run([1, 2, 3, 4])])
    #expect(active.snapshot(eventsMax: 2)?.map(\.count) == [2, 2, 1])
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func `it holds what the pool caches, copy by copy`(seed: UInt64) throws {
    var engine = try SimulatedEngine(
      EngineConfiguration(blockCount: 24, blockSize: 4, modelTokensMax: 80, batchedTokensMax: 24))
    var random = SplitMix64(seed: seed)
    var active = ActiveBlocks()
    for _ in 0..<400 {
      if random.below(4) == 0 {
        let prompt = random.below(5)
        _ = try engine.submit(
          EngineRequest(
            tokens: (0..<random.inside(1...30)).map { TokenID(prompt * 100 + $0) },
            output: .sampled(random.inside(1...8)), readsCache: random.below(5) > 0),
          now: .zero)
      }
      active.apply(engine.step(now: .zero).events.map { EngineEvent($0) })
      var copies: [EngineBlockHash: Int] = [:]
      for event in try #require(active.snapshot(eventsMax: 100)).flatMap({ $0 }) {
        switch event {
        case .stored(let run): copies[run.hashes[0], default: 0] += 1
        case .removed(let run): copies[run.hashes[0], default: 0] -= 1
        case .cleared: #expect(copies.isEmpty)
        }
      }
      var cached: [EngineBlockHash: Int] = [:]
      for block in engine.pool.blocks where block.isCached {
        cached[.integer(block.hash), default: 0] += 1
      }
      #expect(copies.filter { $0.value != 0 } == cached)
    }
  }
}
