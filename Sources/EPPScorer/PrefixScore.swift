/// Scores endpoints by the share of a prompt that they would not have to compute.
///
/// `matched / total` in [0, 1], as llm-d's `prefix-cache-scorer` defines it; 0 for an empty prompt.
public struct PrefixScore: Sendable {
  /// Whether blocks that are only reserved count as if they were there.
  public var countsReservations: Bool

  /// A scorer.
  public init(countsReservations: Bool = true) { self.countsReservations = countsReservations }

  /// The score of one endpoint.
  ///
  /// - Parameters:
  ///   - matchedTokens: Tokens that it would reuse now.
  ///   - reservedTokens: Tokens that it would reuse on top if every reservation came true.
  ///   - promptTokens: Tokens of the prompt.
  public func callAsFunction(
    matchedTokens: Int, reservedTokens: Int, promptTokens: Int
  ) -> Double {
    guard promptTokens > 0 else { return 0 }
    return Double(matchedTokens + (countsReservations ? reservedTokens : 0)) / Double(promptTokens)
  }
}
