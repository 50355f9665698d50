/// Prefers endpoints that are meant for prompts of this length, as a label `min-max` says.
///
/// As a filter it keeps those that are, and those without the label. Where nothing is known of
/// the prompt it keeps all, and all score 0.5 like those without the label.
///
/// Formula and defaults are those of llm-d's `context-length-aware`.
public struct ContextLengthAware: Scorer, Filter {
  public static let type = "context-length-aware"
  /// The label; not empty.
  public var label: String
  /// Whether the filter drops endpoints out of range.
  public var enableFiltering: Bool

  /// A plugin with these parameters.
  public init(label: String = "llm-d.ai/context-length-range", enableFiltering: Bool = false) {
    self.label = label
    self.enableFiltering = enableFiltering
  }

  public func score(
    _ kept: [Int], in context: borrowing SchedulingContext, into scores: inout [Double]
  ) {
    for (index, candidate) in kept.enumerated() {
      let label = context.pool.candidates[candidate].endpoint.labels[label]
      scores[index] = score(label, promptTokens: context.request.promptTokens)
    }
  }

  private func score(_ label: String?, promptTokens: Int) -> Double {
    guard let label, promptTokens > 0 else { return 0.5 }
    return ContextLengthRange(label)?.score(promptTokens) ?? 0
  }

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    let promptTokens = context.request.promptTokens
    guard enableFiltering, promptTokens > 0 else { return }
    kept.removeAll { candidate in
      guard let label = context.pool.candidates[candidate].endpoint.labels[label] else {
        return false
      }
      return ContextLengthRange(label)?.contains(promptTokens) != true
    }
  }
}
