/// Prefers endpoints to which this router has sent fewer unfinished requests.
///
/// Formula and defaults are those of llm-d's `active-request-scorer`.
public struct ActiveRequestScorer: Scorer {
  public static let type = "active-request-scorer"
  /// Requests up to which an endpoint counts as idle and scores 1.
  public var idleThreshold: Int
  /// The score of the least busy endpoint that is not idle; 0 to 1.
  public var maxBusyScore: Double

  /// A plugin with these parameters.
  public init(idleThreshold: Int = 0, maxBusyScore: Double = 1) {
    self.idleThreshold = idleThreshold
    self.maxBusyScore = maxBusyScore
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    let candidates = context.pool.candidates
    var most = 0
    for candidate in kept { most = max(most, candidates[candidate].inFlight.requests) }
    for (index, candidate) in kept.enumerated() {
      let requests = candidates[candidate].inFlight.requests
      scores[index] =
        requests <= idleThreshold || most == 0
        ? 1 : Double(most - requests) / Double(most) * maxBusyScore
    }
  }
}
