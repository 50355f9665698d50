/// Keeps endpoints that hold most of the prompt, unless they are far busier than the others.
///
/// Formula and defaults are those of llm-d's `prefix-cache-affinity-filter`.
public struct PrefixCacheAffinityFilter: Filter, PrefixReader {
  public static let type = "prefix-cache-affinity-filter"
  /// Share of the prompt that makes an endpoint sticky; 0 switches the filter off.
  public var affinityThreshold: Double
  /// How often it does nothing; 0 to 1.
  public var explorationProbability: Double
  /// How much longer, in milliseconds, the best sticky endpoint may take than the best other; 0
  /// for any.
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

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    guard kept.count > 1, affinityThreshold > 0, !explores(&context.random) else { return }
    let producer = context.producer(named: prefixMatchInfoProducerName)
    var sticky: [Int] = []
    var stickyTokens = Int.max
    var otherTokens = Int.max
    for candidate in kept {
      let tokens = context.pool.candidates[candidate].inFlight.tokens
      if context.hit(of: candidate, by: producer).share >= affinityThreshold {
        sticky.append(candidate)
        stickyTokens = min(stickyTokens, tokens)
      } else {
        otherTokens = min(otherTokens, tokens)
      }
    }
    guard !sticky.isEmpty, sticky.count < kept.count else { return }
    if !isTooBusy(stickyTokens, otherTokens) { kept = sticky }
  }

  /// Draws only where there is something to explore.
  private func explores(_ random: inout RandomStream) -> Bool {
    explorationProbability > 0 && random.fraction() < explorationProbability
  }

  /// Whether the least busy sticky endpoint takes too much longer than the least busy other one.
  private func isTooBusy(_ stickyTokens: Int, _ otherTokens: Int) -> Bool {
    guard maxTTFTPenaltyMs > 0 else { return false }
    let penalty = (Double(stickyTokens) - Double(otherTokens)) / peakPrefillThroughput * 1000
    return penalty > maxTTFTPenaltyMs
  }
}
