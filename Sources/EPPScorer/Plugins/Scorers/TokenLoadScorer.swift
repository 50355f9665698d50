/// Prefers endpoints with fewer tokens to compute, this request's uncached ones included: `1 −
/// min(t, T) / T`.
///
/// Formula and defaults are those of llm-d's `token-load-scorer`.
public struct TokenLoadScorer: Scorer {
  public static let type = "token-load-scorer"
  /// Tokens that score 0; positive.
  public var queueThresholdTokens: Int

  /// A plugin with these parameters.
  public init(queueThresholdTokens: Int = 4_194_304) {
    self.queueThresholdTokens = queueThresholdTokens
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    let limit = Double(max(queueThresholdTokens, 1))
    for (index, candidate) in kept.enumerated() {
      let queued = Double(context.pool.candidates[candidate].inFlight.tokens)
      let tokens = queued + Double(context.uncachedTokens(of: candidate))
      scores[index] = 1 - min(tokens, limit) / limit
    }
  }
}
