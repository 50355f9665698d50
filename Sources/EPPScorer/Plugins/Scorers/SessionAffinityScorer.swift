/// Scores 1 for the endpoint that the session was on before.
///
/// Formula and defaults are those of llm-d's `session-affinity-scorer`.
public struct SessionAffinityScorer: Scorer, SessionKeeper {
  public static let type = "session-affinity-scorer"
  /// How the session is known.
  public var source: SessionSource

  /// A plugin with these parameters.
  public init(source: SessionSource = .endpointHeader("x-session-token")) {
    self.source = source
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    guard let home = source.home(in: context) else { return }
    let index = kept.firstIndex { context.pool.candidates[$0].endpoint.id == home }
    if let index { scores[index] = 1 }
  }
}
