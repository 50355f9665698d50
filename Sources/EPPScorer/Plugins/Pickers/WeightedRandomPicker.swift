/// Picks at random, in proportion to scores.
///
/// Formula and defaults are those of llm-d's `weighted-random-picker`.
public struct WeightedRandomPicker: Plugin {
  public static let type = "weighted-random-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }
}
