/// Prefers endpoints with a free KV cache: `1 − usage`.
///
/// Formula and defaults are those of llm-d's `kv-cache-utilization-scorer`.
public struct CacheUtilizationScorer: Plugin {
  public static let type = "kv-cache-utilization-scorer"

  /// A plugin with these parameters.
  public init() {
  }
}
