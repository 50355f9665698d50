/// Prefers endpoints with fewer waiting requests: `(max − q) / (max − min)`, 1 where all are
/// equal.
///
/// Formula and defaults are those of llm-d's `queue-scorer`.
public struct QueueScorer: Plugin {
  public static let type = "queue-scorer"

  /// A plugin with these parameters.
  public init() {
  }
}
