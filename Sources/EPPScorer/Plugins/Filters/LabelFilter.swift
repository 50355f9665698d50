/// Keeps endpoints whose label has one of some values.
///
/// Formula and defaults are those of llm-d's `by-label`.
public struct LabelFilter: Plugin {
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
}
