/// Picks the highest score, any of those that are equal.
///
/// Formula and defaults are those of llm-d's `max-score-picker`.
public struct MaxScorePicker: Picker {
  public static let type = "max-score-picker"
  /// How many to pick; positive.
  public var maxNumOfEndpoints: Int

  /// A plugin with these parameters.
  public init(maxNumOfEndpoints: Int = 1) {
    self.maxNumOfEndpoints = maxNumOfEndpoints
  }

  public func pick(_ scores: [Double], random: inout RandomStream) -> [Int] {
    let count = pickCount(of: scores.count)
    guard count > 1 else { return Self.best(scores, random: &random).map { [$0] } ?? [] }
    // Sorting can't tell equal scores apart: after a random permutation each order of theirs is as
    // likely, whatever the sort does with it.
    let ranked = random.permutation(scores.count).sorted { scores[$0] > scores[$1] }
    return Array(ranked.prefix(count))
  }

  /// The highest score's index; any of the highest ones', each as likely.
  private static func best(_ scores: [Double], random: inout RandomStream) -> Int? {
    guard var best = scores.first else { return nil }
    var ties = 0
    for score in scores {
      if score > best {
        best = score
        ties = 1
      } else if score == best {
        ties += 1
      }
    }
    var skipped = ties > 1 ? random.below(ties) : 0
    for (index, score) in scores.enumerated() where score == best {
      if skipped == 0 { return index }
      skipped -= 1
    }
    return 0
  }
}
