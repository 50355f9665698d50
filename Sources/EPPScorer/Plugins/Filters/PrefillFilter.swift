/// Keeps endpoints that prefill.
///
/// Formula and defaults are those of llm-d's `prefill-filter`.
public struct PrefillFilter: Plugin {
  public static let type = "prefill-filter"

  /// A plugin with these parameters.
  public init() {
  }
}
