/// Picks the highest score, any of those that are equal.
///
/// Formula and defaults are those of llm-d's `max-score-picker`.
public struct MaxScorePicker: Plugin {
  public static let type = "max-score-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }
}
