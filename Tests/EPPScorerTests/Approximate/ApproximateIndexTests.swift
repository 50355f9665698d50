import EPPScorer
import Simulation
import Testing
import Tokenize

@Suite struct ApproximateIndexTests {
  private func blocks(_ numbers: ClosedRange<UInt64>) -> [EstimatedBlock] {
    numbers.map { EstimatedBlock(bits: $0) }
  }

  private func match(
    _ index: borrowing ApproximateIndex, _ blocks: [EstimatedBlock]
  ) -> [Int] {
    var counts: [Int] = []
    index.match(blocks, into: &counts)
    return counts
  }

  private func add(_ index: inout ApproximateIndex, _ capacity: Int) throws -> ApproximateLane {
    let lane = index.addEndpoint(capacityBlocks: capacity)
    return try #require(lane)
  }

  @Test func `an endpoint matches what was sent to it, up to its first gap`() throws {
    var index = ApproximateIndex()
    let a = try add(&index, 4)
    let b = try add(&index, 10)
    #expect(match(index, blocks(1...3)) == [0, 0])
    index.learn(blocks(1...3), a)
    index.learn(blocks(1...6), b)
    #expect(match(index, blocks(1...8)) == [3, 6])
    #expect(match(index, blocks(2...3)) == [2, 2])
    #expect(match(index, []) == [0, 0])
    // Block 2 of `a` is gone, and what is behind it counts no more.
    index.correct(blocks(2...2), a, deliveredBlocks: 0)
    #expect(match(index, blocks(1...8)) == [1, 6])
    index.checkInvariants()
  }

  @Test func `what was used longest ago is forgotten, of one prompt its end first`() throws {
    var index = ApproximateIndex()
    let lane = try add(&index, 6)
    index.learn(blocks(1...4), lane)
    index.learn(blocks(11...13), lane)
    #expect(match(index, blocks(1...4)) == [3])
    index.learn(blocks(1...2), lane)
    index.learn(blocks(21...22), lane)
    #expect(match(index, blocks(11...13)) == [2])
    #expect(match(index, blocks(1...4)) == [2])
    let count = index.blockCount(lane)
    #expect(count == 6)
  }

  @Test func `of a prompt larger than the capacity the first blocks are kept`() throws {
    var index = ApproximateIndex()
    let lane = try add(&index, 5)
    index.learn(blocks(100...102), lane)
    index.learn(blocks(1...50), lane)
    #expect(match(index, blocks(1...50)) == [5])
    #expect(match(index, blocks(100...102)) == [0])
    let residencies = index.residencies
    #expect(residencies == 5)
    index.checkInvariants()
  }

  @Test func `what the engine did not find is forgotten for that endpoint`() throws {
    var index = ApproximateIndex()
    let a = try add(&index, 10)
    let b = try add(&index, 10)
    index.learn(blocks(1...6), a)
    index.learn(blocks(1...6), b)
    let forgotten = index.correct(blocks(1...8), a, deliveredBlocks: 2)
    #expect(forgotten == 4)
    #expect(match(index, blocks(1...8)) == [2, 6])
    let more = index.correct(blocks(1...8), a, deliveredBlocks: 99)
    #expect(more == 0)
    index.learn(blocks(1...8), a)
    #expect(match(index, blocks(1...8)) == [8, 6])
    index.checkInvariants()
  }

  @Test func `a lane that was given up is used again, empty`() throws {
    var index = ApproximateIndex()
    let a = try add(&index, 10)
    let b = try add(&index, 10)
    index.learn(blocks(1...6), a)
    index.learn(blocks(1...6), b)
    index.removeEndpoint(a)
    #expect(match(index, blocks(1...6)) == [0, 6])
    let again = try add(&index, 3)
    let capacity = index.capacity(again)
    #expect(again == a)
    #expect(capacity == 3)
    #expect(match(index, blocks(1...6)) == [0, 6])
    index.clear(b)
    let left = index.residencies
    #expect(left == 0)
    index.checkInvariants()
  }

  @Test func `there are 1,024 lanes, and each can hold a block`() throws {
    var index = ApproximateIndex()
    var lanes: [ApproximateLane] = []
    while let lane = index.addEndpoint(capacityBlocks: 4) {
      lanes.append(lane)
      index.learn(blocks(1...2), lane)
    }
    #expect(lanes.count == 1024)
    #expect(match(index, blocks(1...3)) == Array(repeating: 2, count: 1024))
    for lane in lanes where lane.index % 3 != 0 {
      index.correct(blocks(1...2), lane, deliveredBlocks: lane.index % 3 - 1)
    }
    #expect(match(index, blocks(1...3)) == (0..<1024).map { [2, 0, 1][$0 % 3] })
    index.checkInvariants()
    for lane in lanes { index.removeEndpoint(lane) }
    let left = index.residencies
    #expect(left == 0)
    index.checkInvariants()
  }

  @Test(arguments: [
    (2048, 16, 0, 64, 512), (2048, 16, 32_768, 64, 1024), (2048, 16, 0, 8, 4096),
    (0, 16, 0, 64, 1), (-5, 16, 0, 64, 1), (.max, 16, 0, 64, 1 << 22), (.max, 1, .max, 1, 1 << 22),
  ]) func `a capacity is counted in our blocks`(
    _ engineBlocks: Int, _ engineBlockTokens: Int, _ offloaded: Int, _ blockTokens: Int,
    _ expected: Int
  ) {
    #expect(
      ApproximateIndex.capacity(
        engineBlocks: engineBlocks, engineBlockTokens: engineBlockTokens,
        offloadedTokens: offloaded, blockTokens: blockTokens) == expected)
  }

  @Test(arguments: TestSeeds.upTo(60))
  func `random streams give what a list of blocks an endpoint gives`(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var index = ApproximateIndex()
    var reference = ReferenceApproximation()
    var lanes: [Int: ApproximateLane] = [:]
    let laneGoal = [1, 4, 12, 70, 200][random.below(5)]
    // A tree of prompts: each goes on from some depth of another.
    var prompts: [[EstimatedBlock]] = [[]]
    for _ in 0..<30 {
      let parent = prompts[random.below(prompts.count)]
      let tail = (0..<random.inside(1...20)).map { _ in
        EstimatedBlock(bits: random.below(50) == 0 ? UInt64(random.below(3)) : random.next())
      }
      prompts.append(parent.prefix(random.below(parent.count + 1)) + tail)
    }
    for step in 0..<600 {
      let prompt = prompts[random.below(prompts.count)]
      let lane = reference.lanes.isEmpty ? nil : reference.lanes[random.below(lanes.count)]
      switch (random.below(20), lane.flatMap { lanes[$0] }) {
      case (0, _) where lanes.count < laneGoal, (1...14, _) where lanes.count < laneGoal / 2,
        (_, nil):
        let capacity = random.inside(1...60)
        guard let lane = index.addEndpoint(capacityBlocks: capacity) else { continue }
        lanes[lane.index] = lane
        reference.add(lane.index, capacity: capacity)
      case (1, let lane?) where random.below(4) == 0:
        index.removeEndpoint(lane)
        reference.remove(lane.index)
        lanes[lane.index] = nil
      case (2, let lane?):
        let capacity = random.inside(1...60)
        index.resize(lane, capacityBlocks: capacity)
        reference.resize(lane.index, capacity: capacity)
      case (3, let lane?) where random.below(4) == 0:
        index.clear(lane)
        reference.clear(lane.index)
      case (4...5, let lane?):
        let delivered = random.below(prompt.count + 2)
        index.correct(prompt, lane, deliveredBlocks: delivered)
        reference.correct(prompt, lane.index, delivered: delivered)
      case (_, let lane?):
        index.learn(prompt, lane)
        reference.learn(prompt, lane.index)
      }
      let question = prompts[random.below(prompts.count)]
      let found = match(index, question)
      #expect(found == reference.match(question, lanes: found.count))
      if step % 50 == 0 { index.checkInvariants() }
    }
    for lane in lanes.values {
      let count = index.blockCount(lane)
      #expect(count == reference.count(lane.index))
    }
    index.checkInvariants()
  }
}
