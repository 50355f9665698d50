/// A trust state in the colour of how far it can be believed.
enum TrustText {
  static func text(_ trust: String) -> StyledText {
    switch trust {
    case "exact": StyledText(trust, .good)
    case "degraded", "silent", "mismatched", "dead": StyledText(trust, .bad)
    default: StyledText(trust, .doubtful)
    }
  }

  static func reason(_ reason: String?) -> StyledText { StyledText(reason ?? "", .faint) }
}
