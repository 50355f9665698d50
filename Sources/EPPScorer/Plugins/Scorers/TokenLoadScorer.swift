/// Prefers endpoints with fewer tokens to compute, this request's uncached ones included: `1 −
/// min(t, T) / T`.
///
/// Formula and defaults are those of llm-d's `token-load-scorer`.
public struct TokenLoadScorer: Plugin {
  public static let type = "token-load-scorer"
  /// Tokens that score 0; positive.
  public var queueThresholdTokens: Int

  /// A plugin with these parameters.
  public init(queueThresholdTokens: Int = 4_194_304) {
    self.queueThresholdTokens = queueThresholdTokens
  }
}
