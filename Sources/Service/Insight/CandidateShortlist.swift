/// Which of a request's candidates are remembered.
///
/// Beside the best scores those that regret is computed from: where the request went, the two that
/// hold most, and the one that the approximation rates highest.
struct CandidateShortlist {
  /// Candidates that a decision remembers.
  static let candidatesMax = 16

  /// What each candidate holds by its exact events, −1 where that is not known.
  var precise: [Int]
  /// The same by the approximation.
  var approximate: [Int]
  /// Weighted sums, −∞ for one that was not scored.
  var scores: [Double]

  /// Indices of the candidates to remember, the best first.
  func indices(picked: Int?) -> [Int] {
    var chosen = Array(scores.indices)
    if chosen.count > Self.candidatesMax {
      chosen = picked.map { [$0] } ?? []
      for index in Self.top(2, of: precise) + Self.top(1, of: approximate)
        + Self.top(Self.candidatesMax, of: scores)
      where chosen.count < Self.candidatesMax && !chosen.contains(index) {
        chosen.append(index)
      }
    }
    return chosen.sorted { rank($0) != rank($1) ? rank($0) > rank($1) : $0 < $1 }
  }

  private func rank(_ index: Int) -> (Double, Int, Int) {
    (scores[index], precise[index], approximate[index])
  }

  /// Indices of the highest values, the highest first; of equal ones the first.
  private static func top<Value: Comparable>(_ count: Int, of values: [Value]) -> [Int] {
    var best: [Int] = []
    best.reserveCapacity(count + 1)
    var least: Value?
    for (index, value) in values.enumerated() {
      if let least, value <= least { continue }
      var place = best.count
      while place > 0, values[best[place - 1]] < value { place -= 1 }
      best.insert(index, at: place)
      if best.count > count { best.removeLast() }
      if best.count == count { least = best.last.map { values[$0] } }
    }
    return best
  }
}
