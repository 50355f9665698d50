/// Keeps endpoints that a Kubernetes label selector selects.
///
/// An empty selector selects all.
///
/// Formula and defaults are those of llm-d's `label-selector-filter`.
public struct LabelSelectorFilter: Filter {
  public static let type = "label-selector-filter"
  /// Labels that must have these values.
  public var matchLabels: [String: String]
  /// What else must hold.
  public var matchExpressions: [LabelExpression]

  /// A plugin with these parameters.
  public init(matchLabels: [String: String] = [:], matchExpressions: [LabelExpression] = []) {
    self.matchLabels = matchLabels
    self.matchExpressions = matchExpressions
  }

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    kept.removeAll { !selects(context.pool.candidates[$0].endpoint.labels) }
  }

  private func selects(_ labels: [String: String]) -> Bool {
    matchLabels.allSatisfy { labels[$0.key] == $0.value }
      && matchExpressions.allSatisfy { $0.holds(for: labels) }
  }
}
