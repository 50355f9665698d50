extension [Int] {
  /// Keeps the candidates that satisfy a condition; all where none does.
  mutating func prefer(_ isPreferred: (_ candidate: Int) -> Bool) {
    let preferred = filter(isPreferred)
    if !preferred.isEmpty { self = preferred }
  }
}
