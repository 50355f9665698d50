/// Keeps endpoints whose load is within bounds.
///
/// What an endpoint has not said is within any bound: one that was just added is not shut out, and
/// neither are all where nothing is scraped.
///
/// Formula and defaults are those of llm-d's `utilization-filter`.
public struct UtilizationFilter: Filter {
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

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    let isKept: (Int) -> Bool = { [conditions, pool = context.pool] candidate in
      conditions.allSatisfy { $0.holds(for: pool.candidates[candidate]) }
    }
    if fallbackOnEmpty { kept.prefer(isKept) } else { kept.removeAll { !isKept($0) } }
  }
}
