/// Spreads requests that no endpoint holds anything of: the least recently used for such first.
///
/// Candidates are ranked among themselves: those that never took a cold request in the pool's
/// order, then the others from the least recently used on; the first scores 1, the last 0. Where
/// one holds something all score 0.5.
///
/// Formula and defaults are those of llm-d's `no-hit-lru-scorer`.
public struct NoHitLRUScorer: Scorer, PrefixReader, Learner {
  public static let type = "no-hit-lru-scorer"
  /// Endpoints remembered; positive.
  public var lruSize: Int
  /// The producer to read; nil for the default one.
  public var prefixMatchInfoProducerName: String?

  /// A plugin with these parameters.
  public init(lruSize: Int = 1024, prefixMatchInfoProducerName: String? = nil) {
    self.lruSize = lruSize
    self.prefixMatchInfoProducerName = prefixMatchInfoProducerName
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    guard isCold(kept, in: context) else {
      for index in scores.indices { scores[index] = 0.5 }
      return
    }
    let uses = context.memory.coldUses(plugin: context.plugin)
    let last = Double(max(kept.count - 1, 1))
    var rank = 0
    var used: [(age: UInt64, index: Int)] = []
    for (index, candidate) in kept.enumerated() {
      if let age = uses?.age(of: context.pool.candidates[candidate].endpoint.id) {
        used.append((age, index))
      } else {
        scores[index] = 1 - Double(rank) / last
        rank += 1
      }
    }
    used.sort { $0.age < $1.age }
    for use in used {
      scores[use.index] = 1 - Double(rank) / last
      rank += 1
    }
  }

  public func learn(_ profile: SchedulingResult.Profile, in context: inout SchedulingContext) {
    guard let target = profile.targets.first, isCold(profile.scores.candidates, in: context) else {
      return
    }
    context.memory.noteColdUse(
      of: context.pool.candidates[target].endpoint.id, plugin: context.plugin, capacity: lruSize)
  }

  /// Whether none of the candidates holds anything of the prompt.
  private func isCold(_ kept: [Int], in context: borrowing SchedulingContext) -> Bool {
    let producer = context.producer(named: prefixMatchInfoProducerName)
    for candidate in kept {
      let hit = context.hit(of: candidate, by: producer)
      if hit.matchedTokens > 0 || hit.reservedTokens > 0 { return false }
    }
    return true
  }
}
