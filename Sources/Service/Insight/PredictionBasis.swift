import EPPScorer

extension PrefixHit.Basis {
  /// What a prediction rests on, as answers and headers say it.
  var text: String {
    switch self {
    case .precise(let trust): trust.name
    case .approximate(let cause): "approximate: \(cause.label)"
    case .unknown: "unknown"
    }
  }
}
