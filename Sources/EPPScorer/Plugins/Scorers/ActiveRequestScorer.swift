/// Prefers endpoints to which this router has sent fewer unfinished requests.
///
/// Formula and defaults are those of llm-d's `active-request-scorer`.
public struct ActiveRequestScorer: Plugin {
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
}
