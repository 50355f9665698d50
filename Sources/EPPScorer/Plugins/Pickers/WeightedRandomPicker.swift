/// Picks at random, in proportion to scores.
///
/// Several are drawn one after the other, which gives the distribution of llm-d's keys
/// `U^(1 / score)` without their logarithms. Scores of 0 or less come last, in any order.
///
/// Formula and defaults are those of llm-d's `weighted-random-picker`.
public struct WeightedRandomPicker: Picker {
  public static let type = "weighted-random-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }

  public func pick(_ scores: [Double], random: inout RandomStream) -> [Int] {
    var left = Array(scores.indices)
    var picks: [Int] = []
    for _ in 0..<pickCount(of: scores.count) {
      picks.append(left.remove(at: Self.draw(left, scores, &random)))
    }
    return picks
  }

  /// A position in `left`, in proportion to the scores; any where all are 0.
  private static func draw(
    _ left: [Int], _ scores: [Double], _ random: inout RandomStream
  ) -> Int {
    let total = left.reduce(0) { $0 + max(scores[$1], 0) }
    guard total > 0, total.isFinite else { return random.below(left.count) }
    var point = random.fraction() * total
    var last = 0
    for (position, index) in left.enumerated() where scores[index] > 0 {
      if point < scores[index] { return position }
      point -= scores[index]
      last = position
    }
    // Rounding may leave a little of the total over.
    return last
  }
}
