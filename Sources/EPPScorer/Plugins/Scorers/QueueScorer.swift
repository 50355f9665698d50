/// Prefers endpoints with fewer waiting requests: `(max − q) / (max − min)`, 1 where all are
/// equal.
///
/// Formula and defaults are those of llm-d's `queue-scorer`.
public struct QueueScorer: Scorer {
  public static let type = "queue-scorer"

  /// A plugin with these parameters.
  public init() {}

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    LowerIsBetter.score(kept, into: &scores) { context.pool.candidates[$0].load.waitingRequests }
  }
}
