/// Keeps only the endpoint that the session was on before, if it is a candidate.
///
/// Formula and defaults are those of llm-d's `session-affinity-filter`.
public struct SessionAffinityFilter: Plugin {
  public static let type = "session-affinity-filter"
  /// How the session is known.
  public var source: SessionSource

  /// A plugin with these parameters.
  public init(source: SessionSource = .endpointHeader("x-session-token")) {
    self.source = source
  }
}
