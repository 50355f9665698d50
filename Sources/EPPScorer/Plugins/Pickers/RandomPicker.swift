/// Picks any.
///
/// Formula and defaults are those of llm-d's `random-picker`.
public struct RandomPicker: Picker {
  public static let type = "random-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }

  public func pick(_ scores: [Double], random: inout RandomStream) -> [Int] {
    let count = pickCount(of: scores.count)
    guard count > 1 else { return scores.isEmpty ? [] : [random.below(scores.count)] }
    return Array(random.permutation(scores.count).prefix(count))
  }
}
