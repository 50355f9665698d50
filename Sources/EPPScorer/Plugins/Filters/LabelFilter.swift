/// Keeps endpoints whose label has one of some values.
///
/// Formula and defaults are those of llm-d's `by-label`.
public struct LabelFilter: Filter {
  public static let type = "by-label"
  /// The label; not empty.
  public var label: String
  /// Its values.
  public var validValues: [String]
  /// Whether endpoints without it stay.
  public var allowsNoLabel: Bool

  /// A plugin with these parameters.
  public init(label: String, validValues: [String] = [], allowsNoLabel: Bool = false) {
    self.label = label
    self.validValues = validValues
    self.allowsNoLabel = allowsNoLabel
  }

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    kept.removeAll { candidate in
      guard let value = context.pool.candidates[candidate].endpoint.labels[label] else {
        return !allowsNoLabel
      }
      return !validValues.contains(value)
    }
  }
}
