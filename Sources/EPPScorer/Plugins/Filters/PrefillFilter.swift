/// Keeps endpoints that prefill.
///
/// Formula and defaults are those of llm-d's `prefill-filter`.
public struct PrefillFilter: Filter {
  public static let type = "prefill-filter"

  /// A plugin with these parameters.
  public init() {}

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    kept.removeAll {
      !(context.pool.candidates[$0].endpoint.stages?.contains(.prefill) ?? false)
    }
  }
}
