/// Keeps endpoints that are not saturated by what they say of themselves; all where none would
/// stay.
///
/// An endpoint that has not said how busy it is, or not lately, counts as saturated.
///
/// Formula and defaults are those of llm-d's `utilization-detector`.
public struct UtilizationDetector: Filter {
  public static let type = "utilization-detector"
  /// Waiting requests of a saturated endpoint; positive.
  public var queueDepthThreshold: Int
  /// KV usage of a saturated endpoint.
  public var kvCacheUtilThreshold: Double
  /// Age in milliseconds from which an endpoint counts as saturated.
  public var metricsStalenessThresholdMs: Int
  /// How far above the thresholds the filter still keeps.
  public var headroom: Double

  /// A plugin with these parameters.
  public init(
    queueDepthThreshold: Int = 5, kvCacheUtilThreshold: Double = 0.8,
    metricsStalenessThresholdMs: Int = 200, headroom: Double = 0
  ) {
    self.queueDepthThreshold = queueDepthThreshold
    self.kvCacheUtilThreshold = kvCacheUtilThreshold
    self.metricsStalenessThresholdMs = metricsStalenessThresholdMs
    self.headroom = headroom
  }

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    let queueLimit = Double(queueDepthThreshold) * (1 + headroom)
    let cacheLimit = kvCacheUtilThreshold * (1 + headroom)
    kept.prefer { candidate in
      let load = context.pool.candidates[candidate].load
      guard !load.isStale, let waiting = load.waitingRequests, let usage = load.cacheUsage else {
        return false
      }
      return Double(waiting) < queueLimit && usage < cacheLimit
    }
  }
}
