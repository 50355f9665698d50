import KVIndexer

extension Trust {
  /// Reads a state as another process's answers tell it; nil for one that is not known here.
  ///
  /// - Parameter reason: Its first word is what a source is degraded or mismatched by.
  init?(name: String, reason: String?) {
    let cause = reason.map { String($0.prefix { $0 != ":" }) } ?? ""
    let state: Trust? =
      switch name {
      case "connecting": .connecting
      case "bootstrapping": .bootstrapping
      case "lagging": .lagging
      case "exact": .exact
      case "silent": .silent
      case "dead": .dead
      case "degraded": Degradation(rawValue: cause).map { .degraded($0) }
      case "mismatched": Mismatch(rawValue: cause).map { .mismatched($0) }
      default: nil
      }
    guard let state else { return nil }
    self = state
  }
}
