/// Prefers endpoints that hold more of the prompt: `w · min(1, m / scale)² + (1 − w) · m / T`
/// in tokens.
///
/// Formula and defaults are those of llm-d's `prefix-cache-scorer`.
public struct PrefixCacheScorer: Plugin {
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
}
