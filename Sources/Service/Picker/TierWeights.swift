import KVIndexer

/// What a cached token is worth by where it is.
struct TierWeights: Sendable {
  /// By tier name; tiers that are not named are worth 1.
  var weights: [String: Double]

  /// Matched tokens, each worth the weight of the fastest tier that holds it.
  ///
  /// - Parameter tiers: Leading tokens held in each tier by itself.
  func weighted(_ matchedTokens: Int, _ tiers: TierTokens) -> Double {
    var rest = matchedTokens
    var sum = 0.0
    var reached = 0
    for tier in Tier.allCases {
      let more = min(max(tiers[tier] - reached, 0), rest)
      guard more > 0 else { continue }
      sum += Double(more) * (weights[tier.name] ?? 1)
      reached += more
      rest -= more
    }
    // Blocks that continue another tier's prefix do not begin one of their own.
    return sum + Double(rest)
  }
}
