/// Keeps endpoints that encode media.
///
/// Formula and defaults are those of llm-d's `encode-filter`.
public struct EncodeFilter: Filter {
  public static let type = "encode-filter"

  /// A plugin with these parameters.
  public init() {}

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    kept.removeAll {
      !(context.pool.candidates[$0].endpoint.stages?.contains(.encode) ?? false)
    }
  }
}
