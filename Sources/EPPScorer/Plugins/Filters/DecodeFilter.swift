/// Keeps endpoints that decode, and those without a role.
///
/// Formula and defaults are those of llm-d's `decode-filter`.
public struct DecodeFilter: Filter {
  public static let type = "decode-filter"

  /// A plugin with these parameters.
  public init() {}

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    kept.removeAll {
      !(context.pool.candidates[$0].endpoint.stages?.contains(.decode) ?? true)
    }
  }
}
