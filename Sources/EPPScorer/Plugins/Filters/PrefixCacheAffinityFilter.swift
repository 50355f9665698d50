/// Keeps endpoints that hold most of the prompt, unless they are far busier than the others.
///
/// Formula and defaults are those of llm-d's `prefix-cache-affinity-filter`.
public struct PrefixCacheAffinityFilter: Plugin {
  public static let type = "prefix-cache-affinity-filter"
  /// Share of the prompt that makes an endpoint sticky; 0 switches the filter off.
  public var affinityThreshold: Double
  /// How often it does nothing; 0 to 1.
  public var explorationProbability: Double
  /// How much longer, in milliseconds, the best sticky endpoint may take than the best other.
  public var maxTTFTPenaltyMs: Double
  /// Tokens a second; positive.
  public var peakPrefillThroughput: Double
  /// The producer to read; nil for the default one.
  public var prefixMatchInfoProducerName: String?

  /// A plugin with these parameters.
  public init(
    affinityThreshold: Double = 0.8, explorationProbability: Double = 0,
    maxTTFTPenaltyMs: Double = 18_000, peakPrefillThroughput: Double = 15_928,
    prefixMatchInfoProducerName: String? = nil
  ) {
    self.affinityThreshold = affinityThreshold
    self.explorationProbability = explorationProbability
    self.maxTTFTPenaltyMs = maxTTFTPenaltyMs
    self.peakPrefillThroughput = peakPrefillThroughput
    self.prefixMatchInfoProducerName = prefixMatchInfoProducerName
  }
}
