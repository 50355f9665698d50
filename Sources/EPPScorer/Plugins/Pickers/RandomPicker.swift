/// Picks any.
///
/// Formula and defaults are those of llm-d's `random-picker`.
public struct RandomPicker: Plugin {
  public static let type = "random-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }
}
