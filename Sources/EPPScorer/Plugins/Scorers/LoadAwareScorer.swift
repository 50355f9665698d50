/// Scores waiting requests against a threshold: 0.5 for none, falling to 0 at the threshold.
///
/// Formula and defaults are those of llm-d's `load-aware-scorer`.
public struct LoadAwareScorer: Plugin {
  public static let type = "load-aware-scorer"
  /// Waiting requests that score 0; positive.
  public var threshold: Int

  /// A plugin with these parameters.
  public init(threshold: Int = 128) {
    self.threshold = threshold
  }
}
