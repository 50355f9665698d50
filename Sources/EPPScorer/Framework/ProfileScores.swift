/// How a profile judged the candidates that its filters kept, in the pool's order.
///
/// The parts of all scores lie in one array: an array a candidate would cost more than scoring.
public struct ProfileScores: Equatable, Sendable {
  /// A scorer of the profile.
  public struct Scorer: Equatable, Sendable {
    public var name: String
    public var weight: Double
  }

  /// A candidate's weighted sum, and what each scorer of the profile gave before its weight.
  public struct Score: Equatable, Sendable {
    public var candidate: Int
    public var total: Double
    /// In the order of the profile's scorers.
    public var parts: [Double]
  }

  public let scorers: [Scorer]
  /// Ascending.
  public let candidates: [Int]
  /// Weighted sums, shape `[candidates]`.
  public let totals: [Double]
  /// In [0, 1], shape `[scorers][candidates]`.
  private let parts: [Double]

  /// - Parameter parts: Clamped scores, shape `[scorers][candidates]`.
  init(scorers: [Scorer], candidates: [Int], totals: [Double], parts: [Double]) {
    self.scorers = scorers
    self.candidates = candidates
    self.totals = totals
    self.parts = parts
  }
}

extension ProfileScores: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { candidates.count }

  public subscript(position: Int) -> Score {
    Score(
      candidate: candidates[position], total: totals[position],
      parts: scorers.indices.map { part($0, at: position) })
  }

  /// What a scorer gave the candidate at a position, before its weight.
  public func part(_ scorer: Int, at position: Int) -> Double {
    parts[scorer * candidates.count + position]
  }
}
