/// Prefers endpoints with fewer running requests: `(max − r) / (max − min)`, 1 where all are
/// equal.
///
/// Formula and defaults are those of llm-d's `running-requests-size-scorer`.
public struct RunningRequestsScorer: Scorer {
  public static let type = "running-requests-size-scorer"

  /// A plugin with these parameters.
  public init() {}

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    LowerIsBetter.score(kept, into: &scores) { context.pool.candidates[$0].load.runningRequests }
  }
}
