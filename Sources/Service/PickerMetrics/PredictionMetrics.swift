internal import EPPScorer

/// How good predictions of cached prefixes are, over all requests.
final class PredictionMetrics: Sendable {
  /// What a pick's idea of the cached prefix rests on.
  enum Basis: String, MetricLabel {
    case precise, approximate
    /// Nothing is known of the prompt or of the endpoint.
    case none
    static let labelName = "basis"

    init(_ basis: PrefixHit.Basis) {
      switch basis {
      case .precise: self = .precise
      case .approximate: self = .approximate
      case .unknown: self = .none
      }
    }
  }

  let picks = Labelled<Basis, Counter> { Counter() }
  let approximations: [ApproximationCause: Counter] = Dictionary(
    uniqueKeysWithValues: ApproximationCause.allCases.map { ($0, Counter()) })
  let predictedTokens = Labelled<Basis, Counter> { Counter() }
  let deliveredTokens = Labelled<Basis, Counter> { Counter() }
  let errors = Labelled<Basis, Histogram> {
    Histogram(bounds: PickerBuckets.predictionErrorTokens)
  }

  func picked(_ basis: PrefixHit.Basis) {
    picks[Basis(basis)].add()
    if case .approximate(let cause) = basis { approximations[cause]?.add() }
  }

  func delivered(_ tokens: Int, predicted hit: PrefixHit) {
    let basis = Basis(hit.basis)
    predictedTokens[basis].add(hit.predictedTokens)
    deliveredTokens[basis].add(tokens)
    errors[basis].observe(Double(tokens - hit.predictedTokens))
  }
}
