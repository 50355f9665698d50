/// A requirement of a Kubernetes label selector.
public struct LabelExpression: Equatable, Sendable {
  public enum Operator: String, CaseIterable, Sendable {
    case isIn = "In"
    case isNotIn = "NotIn"
    case exists = "Exists"
    case doesNotExist = "DoesNotExist"
  }

  public var key: String
  public var `operator`: Operator
  /// Empty for the two that ask for existence only.
  public var values: [String]

  /// A requirement.
  public init(key: String, operator: Operator, values: [String] = []) {
    self.key = key
    self.operator = `operator`
    self.values = values
  }
}
