/// Prefers endpoints with a free KV cache: `1 − usage`.
///
/// An endpoint whose usage is not known scores 0.
///
/// Formula and defaults are those of llm-d's `kv-cache-utilization-scorer`.
public struct CacheUtilizationScorer: Scorer {
  public static let type = "kv-cache-utilization-scorer"

  /// A plugin with these parameters.
  public init() {}

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    for (index, candidate) in kept.enumerated() {
      guard let usage = context.pool.candidates[candidate].load.cacheUsage else { continue }
      scores[index] = 1 - usage
    }
  }
}
