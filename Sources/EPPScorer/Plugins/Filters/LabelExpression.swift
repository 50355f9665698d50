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

  /// Whether labels fulfil the requirement; labels that are not there are not in anything.
  func holds(for labels: [String: String]) -> Bool {
    let value = labels[key]
    return switch `operator` {
    case .isIn: value.map(values.contains) ?? false
    case .isNotIn: !(value.map(values.contains) ?? false)
    case .exists: value != nil
    case .doesNotExist: value == nil
    }
  }
}
