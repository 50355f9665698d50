import EPPScorer

@testable import Service

/// Decisions of tests.
enum SampleDecision {
  /// A candidate whose events are exact, unless it has no precise tokens.
  static func candidate(
    _ endpoint: String, precise: Int32?, approximate: Int32? = nil, score: Double? = nil
  ) -> Decision.Candidate {
    Decision.Candidate(
      endpoint: endpoint, basis: precise == nil ? .approximate(.noEvents) : .precise(.exact),
      predictedTokens: precise ?? approximate ?? 0, preciseTokens: precise,
      approximateTokens: approximate, score: score)
  }

  static func decision(
    _ candidates: [Decision.Candidate] = [candidate("a", precise: 0)], picked: Int? = 0,
    delivered: Int? = nil, request: String? = nil, model: String = "m"
  ) -> Decision {
    var decision = Decision(
      time: 1, requestID: request, model: model, status: .pending, promptTokens: 100,
      tokensFrom: .given, madeAt: 0, nanoseconds: 0)
    decision.candidates = candidates
    decision.picked = picked
    decision.delivery = delivered.map { Decision.Delivery(cachedTokens: $0) }
    return decision
  }
}
