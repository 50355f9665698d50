import EPPScorer
import Tokenize

/// What a router knows by what it sent where: the approximation that production runs.
struct SentKnowledge: ~Copyable {
  private var index = ApproximateIndex()
  private var lanes: [ApproximateLane] = []
  private var counts: [Int] = []

  /// - Parameter capacities: Blocks that each engine is believed to have.
  init(capacities: [Int]) {
    precondition(capacities.count <= ApproximateIndex.lanesMax, "\(capacities.count) engines")
    for capacity in capacities {
      if let lane = index.addEndpoint(capacityBlocks: capacity) { lanes.append(lane) }
    }
  }

  /// Looks a prompt up; `blocks(of:)` has the answers.
  mutating func look(up blocks: [EstimatedBlock]) { index.match(blocks, into: &counts) }

  /// Leading blocks that an engine is believed to hold of the prompt that was looked up last.
  func blocks(of engine: Int) -> Int { counts[lanes[engine].index] }

  /// Notes that a prompt was sent to an engine.
  mutating func learn(_ blocks: [EstimatedBlock], on engine: Int) {
    index.learn(blocks, lanes[engine])
  }
}
