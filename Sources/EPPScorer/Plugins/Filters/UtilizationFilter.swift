/// Keeps endpoints whose load is within bounds.
///
/// Formula and defaults are those of llm-d's `utilization-filter`.
public struct UtilizationFilter: Plugin {
  public static let type = "utilization-filter"
  /// All must hold.
  public var conditions: [UtilizationCondition]
  /// Whether all stay where none would.
  public var fallbackOnEmpty: Bool

  /// A plugin with these parameters.
  public init(conditions: [UtilizationCondition] = [], fallbackOnEmpty: Bool = false) {
    self.conditions = conditions
    self.fallbackOnEmpty = fallbackOnEmpty
  }
}
