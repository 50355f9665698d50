/// Keeps only the endpoint that the session was on before, if it is a candidate.
///
/// Formula and defaults are those of llm-d's `session-affinity-filter`.
public struct SessionAffinityFilter: Filter, SessionKeeper {
  public static let type = "session-affinity-filter"
  /// How the session is known.
  public var source: SessionSource

  /// A plugin with these parameters.
  public init(source: SessionSource = .endpointHeader("x-session-token")) {
    self.source = source
  }

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    guard let home = source.home(in: context) else { return }
    kept.prefer { context.pool.candidates[$0].endpoint.id == home }
  }
}
