/// Prefers endpoints that have the adapter: 1 active, 0.8 room for it, 0.6 waiting, else 0.
///
/// Formula and defaults are those of llm-d's `lora-affinity-scorer`.
public struct LoRAAffinityScorer: Plugin {
  public static let type = "lora-affinity-scorer"

  /// A plugin with these parameters.
  public init() {
  }
}
