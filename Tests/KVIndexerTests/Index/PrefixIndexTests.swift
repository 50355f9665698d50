import Simulation
import Testing

@testable import KVIndexer

@Suite("A prefix index")
struct PrefixIndexTests {
  /// Chained keys of a prompt given as small integers.
  static func chain(_ locals: [Int]) -> [UInt64] {
    var key: UInt64 = 0x1234
    return locals.map { local in
      key = (key &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(local)) &* 0xFF51_AFD7_ED55_8CCD
      key ^= key >> 32
      return key
    }
  }

  /// Random stores, removals in any order, clears, copies and clashing hashes.
  @Test("agrees with per-lane sets of keys on random streams", arguments: TestSeeds.upTo(60))
  func randomStreams(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var index = PrefixIndex(byteBudget: 8 << 20)
    let laneCount = [3, 9, 70][Int(seed % 3)]
    let lanes = (0..<laneCount).map { _ in index.addLane() }
    var scopes = lanes.map { _ in HashScope() }
    // Lanes of one family agree on hashes, as vLLM servers with default settings do.
    let families = seed % 2 == 0 ? 1 : 3
    func hash(_ key: UInt64, _ lane: Int) -> EngineHash {
      EngineHash(lane % families == 0 ? key ^ 7 : key &+ UInt64(lane % families))
    }
    var held = lanes.map { _ in [UInt64: Int]() }
    var prompts = (0..<6).map { _ in (0..<40).map { _ in random.below(3) } }
    var buffer = MatchBuffer()

    for step in 0..<600 {
      let lane = random.below(laneCount)
      switch random.below(100) {
      case 0..<50:
        var prompt = prompts[random.below(6)]
        if random.below(2) == 0 {
          prompt =
            Array(prompt.prefix(random.inside(1...40)))
            + (0..<random.below(60)).map { _ in
              random.below(3)
            }
          prompts[random.below(6)] = prompt
        }
        let keys = Self.chain(prompt)
        var start = 0
        while start < keys.count {
          if start > 0, held[lane][keys[start - 1]] == nil { break }
          let count = min(random.inside(1...20), keys.count - start)
          store(&index, lanes[lane], &scopes[lane], keys, start, count) { hash($0, lane) }
          for key in keys[start..<start + count] { held[lane][key, default: 0] += 1 }
          start += count
        }
      case 50..<97:
        for _ in 0..<random.inside(1...12) {
          if held[lane].isEmpty { break }
          let key = held[lane].keys.sorted()[random.below(held[lane].count)]
          let outcome = index.remove(lanes[lane], scope: &scopes[lane], hash: hash(key, lane))
          #expect(outcome == (held[lane][key] == 1 ? .removed : .copy))
          held[lane][key] = held[lane][key] == 1 ? nil : (held[lane][key] ?? 0) - 1
        }
      default:
        #expect(index.clear(lanes[lane]) == held[lane].count)
        scopes[lane] = HashScope()
        held[lane] = [:]
      }
      if step % 50 == 0 { index.checkInvariants() }
      let keys = Self.chain(prompts[random.below(6)])
      index.match(keys, count: keys.count, into: &buffer)
      for (lane, set) in held.enumerated() {
        let expected = keys.firstIndex { set[$0] == nil } ?? keys.count
        #expect(buffer[lanes[lane]] == expected)
        #expect(index.blocks(of: lanes[lane]) == set.count)
      }
    }
    index.checkInvariants()
    for (lane, id) in lanes.enumerated() {
      index.clear(id)
      held[lane] = [:]
    }
    index.checkInvariants()
    #expect(index.uniqueBlocks == 0 && index.nodeCount == 0)
  }

  private func store(
    _ index: inout PrefixIndex, _ lane: LaneID, _ scope: inout HashScope, _ keys: [UInt64],
    _ start: Int, _ count: Int, hash: (UInt64) -> EngineHash
  ) {
    let hashes = keys[start..<start + count].map(hash)
    var parent = BlockParent.root(BlockKey(0x1234))
    if start > 0 {
      guard let block = index.find(hash(keys[start - 1]), scope: scope, lanes: LaneSet(lane)) else {
        Issue.record("the parent is held but not found")
        return
      }
      parent = .block(block)
    }
    keys.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      index.store(
        lane, scope: &scope, parent: parent, keys: base + start, hashes: hashes, count: count)
    }
  }
}
