/// Keeps endpoints that a Kubernetes label selector selects.
///
/// Formula and defaults are those of llm-d's `label-selector-filter`.
public struct LabelSelectorFilter: Plugin {
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
}
