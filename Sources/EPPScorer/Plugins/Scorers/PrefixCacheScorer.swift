/// Prefers endpoints that hold more of the prompt: `w · min(1, m / scale)² + (1 − w) · m / T`
/// in tokens.
///
/// `m` is what of the prompt is there, tokens worth the weight of their tier, or reserved; `T` is
/// what a perfect match would have.
///
/// Formula and defaults are those of llm-d's `prefix-cache-scorer`.
public struct PrefixCacheScorer: Scorer, PrefixReader {
  public static let type = "prefix-cache-scorer"
  /// The producer to read; nil for the default one.
  public var prefixMatchInfoProducerName: String?
  /// `w`, 0 to 1.
  public var matchLengthWeight: Double
  /// `scale`; positive where the weight is.
  public var matchLengthScaleTokens: Int

  /// A plugin with these parameters.
  public init(
    prefixMatchInfoProducerName: String? = nil, matchLengthWeight: Double = 0,
    matchLengthScaleTokens: Int = 8192
  ) {
    self.prefixMatchInfoProducerName = prefixMatchInfoProducerName
    self.matchLengthWeight = matchLengthWeight
    self.matchLengthScaleTokens = matchLengthScaleTokens
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    let producer = context.producer(named: prefixMatchInfoProducerName)
    for (index, candidate) in kept.enumerated() {
      scores[index] = score(context.hit(of: candidate, by: producer))
    }
  }

  private func score(_ hit: PrefixHit) -> Double {
    guard hit.blockTokens > 0, matchLengthWeight > 0 else { return hit.share }
    let length = min(hit.creditedTokens / Double(max(matchLengthScaleTokens, 1)), 1)
    return matchLengthWeight * length * length + (1 - matchLengthWeight) * hit.share
  }
}
