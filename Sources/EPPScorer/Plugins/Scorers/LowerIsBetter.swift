/// Scores that fall from 1 for the least to 0 for the most: `(max − value) / (max − min)`.
enum LowerIsBetter {
  /// Scores candidates by a number of each; all alike score 1.
  ///
  /// A number that is not known is neither the least nor the most and scores 0, except where none
  /// is known: then all are alike.
  static func score(
    _ kept: [Int], into scores: inout [Double], by value: (_ candidate: Int) -> Int?
  ) {
    var least = Int.max
    var most = Int.min
    for candidate in kept {
      guard let value = value(candidate) else { continue }
      least = min(least, value)
      most = max(most, value)
    }
    let isNothingKnown = least > most
    let range = isNothingKnown ? 0 : Double(most) - Double(least)
    for (index, candidate) in kept.enumerated() {
      if let value = value(candidate) {
        scores[index] = range > 0 ? (Double(most) - Double(value)) / range : 1
      } else if isNothingKnown {
        scores[index] = 1
      }
    }
  }
}
