/// Prefers endpoints that have the adapter: 1 active, 0.8 room for it, 0.6 waiting, else 0.
///
/// Formula and defaults are those of llm-d's `lora-affinity-scorer`.
public struct LoRAAffinityScorer: Scorer {
  public static let type = "lora-affinity-scorer"

  /// A plugin with these parameters.
  public init() {}

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    for (index, candidate) in kept.enumerated() {
      guard let adapters = context.pool.candidates[candidate].load.adapters else { continue }
      scores[index] = Self.score(adapters, model: context.request.model)
    }
  }

  private static func score(_ adapters: AdapterLoad, model: String) -> Double {
    if adapters.active.contains(model) { return 1 }
    if adapters.active.count + adapters.waiting.count < adapters.activeMax { return 0.8 }
    return adapters.waiting.contains(model) ? 0.6 : 0
  }
}
