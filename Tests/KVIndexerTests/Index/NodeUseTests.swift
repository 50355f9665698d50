import Simulation
import Testing

@testable import KVIndexer

/// The sixteen bits that remember when a run was matched.
@Suite struct NodeUseTests {
  @Test(arguments: TestSeeds.upTo(20))
  func `reads and ages equal those of a list of matches`(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var use = NodeUse.stored
    var matches: [Int] = []
    var number = random.below(255)
    var present = UInt8(number % 255 + 1)
    for _ in 0..<2_000 {
      let steps = random.below(4) == 0 ? random.below(20) : random.below(3)
      number += steps
      present = NodeUse.period(present, plus: UInt32(steps))
      #expect(Int(present) == number % 255 + 1)
      switch random.below(4) {
      case 0:
        use = use.matched(in: present)
        matches.append(number)
        #expect(use.bits & NodeUse.matchMask == NodeUse.current(present))
      case 1: use.noteStore()
      case 2: use.clearUsed()
      default: use.forget(in: present)
      }
      #expect(use.age(in: present) == matches.last.map { number - $0 })
      let recent = Set(matches.filter { number - $0 < NodeUse.periodsCounted })
      #expect(use.reads(in: present) == recent.count)
    }
  }

  @Test func `an old match is forgotten before its period's number comes again`() {
    var index = PrefixIndex(byteBudget: 1 << 20)
    let lane = index.addLane()
    var scope = HashScope()
    var buffer = MatchBuffer()
    for key in 1...3_000 as ClosedRange<UInt64> {
      index.store(
        lane, scope: &scope, parent: .root(BlockKey(0)), keys: [key], hashes: [EngineHash(key)],
        count: 1)
      index.match([key], count: 1, into: &buffer)
    }
    var seconds = 0.0
    var tenths: UInt32 = 1
    while tenths < 30_000 {
      // As a process is that now and then does not run.
      tenths += tenths % 7 == 0 ? 300 : 1
      seconds = Double(tenths) / 10
      index.advance(to: CoarseTime(tenths: tenths))
      for node in [0, 1_500, 2_999] as [UInt32] {
        guard let age = index.secondsSinceMatch(node) else { continue }
        #expect(age <= seconds && age >= seconds - 30)
      }
    }
    #expect(seconds > 255 * 4 * 2)
    for node in 0..<3_000 as Range<UInt32> {
      #expect(index.secondsSinceMatch(node) == nil)
      #expect(index.recentReads(node) == 0)
    }
  }
}
