/// Scores 1 for the endpoint that the session was on before.
///
/// Formula and defaults are those of llm-d's `session-affinity-scorer`.
public struct SessionAffinityScorer: Plugin {
  public static let type = "session-affinity-scorer"
  /// How the session is known.
  public var source: SessionSource

  /// A plugin with these parameters.
  public init(source: SessionSource = .endpointHeader("x-session-token")) {
    self.source = source
  }
}
