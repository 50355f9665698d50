import KVIndexer
import Simulation

/// The prompts of a run: families that share their beginnings, more of them than a cache holds.
struct PromptMix {
  static let blockSize = 16
  private static let families = 6
  private static let vocabulary = 30_000

  /// The prompts that are asked about, and sent to engines.
  let prompts: [[TokenID]]
  private var random: SplitMix64

  init(seed: UInt64, count: Int = 32) {
    var random = SplitMix64(seed: seed)
    let roots = (0..<Self.families).map { _ in
      Self.tokens(random.inside(2...8) * Self.blockSize, &random)
    }
    var prompts: [[TokenID]] = []
    for number in 0..<count {
      // One in four goes on from another prompt, as the next turn of a chat does.
      let base =
        number > 8 && random.below(4) == 0
        ? prompts[random.below(number)] : roots[random.below(roots.count)]
      prompts.append(base + Self.tokens(random.inside(1...10 * Self.blockSize), &random))
    }
    self.prompts = prompts
    self.random = random
  }

  private static func tokens(_ count: Int, _ random: inout SplitMix64) -> [TokenID] {
    (0..<count).map { _ in TokenID(random.below(vocabulary)) }
  }

  /// A long request that has nothing in common with any other.
  mutating func foreignRequest() -> EngineRequest {
    EngineRequest(tokens: Self.tokens(50 * Self.blockSize, &random), output: .sampled(1))
  }

  /// The next request: one of the prompts, the first ones more often, and sometimes more of it.
  mutating func request() -> EngineRequest {
    let number = min(random.below(prompts.count), random.below(prompts.count))
    var tokens = prompts[number]
    if random.below(3) == 0 {
      tokens += Self.tokens(random.inside(1...4 * Self.blockSize), &random)
    }
    return EngineRequest(tokens: tokens, output: .sampled(random.inside(1...20)))
  }
}
