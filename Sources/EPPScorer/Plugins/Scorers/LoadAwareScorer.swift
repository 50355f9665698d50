/// Scores waiting requests against a threshold: 0.5 for none, falling to 0 at the threshold.
///
/// An endpoint whose queue is not known scores 0.
///
/// Formula and defaults are those of llm-d's `load-aware-scorer`.
public struct LoadAwareScorer: Scorer {
  public static let type = "load-aware-scorer"
  /// Waiting requests that score 0; positive.
  public var threshold: Int

  /// A plugin with these parameters.
  public init(threshold: Int = 128) {
    self.threshold = threshold
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    let limit = Double(max(threshold, 1))
    for (index, candidate) in kept.enumerated() {
      guard let waiting = context.pool.candidates[candidate].load.waitingRequests else { continue }
      scores[index] = 0.5 * (1 - min(Double(waiting), limit) / limit)
    }
  }
}
