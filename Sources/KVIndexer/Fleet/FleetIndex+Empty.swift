extension FleetIndex {
  /// Drops what a source holds because its cache is said to be empty now, by the engine or by
  /// whoever had it emptied.
  ///
  /// Neither says whether lower tiers were emptied too: where there were any, the source is
  /// `degraded(unprovenTier)` afterwards.
  ///
  /// - Returns: Residencies dropped.
  @discardableResult
  public mutating func empty(_ id: SourceID) -> Int {
    guard let source = source(id) else { return 0 }
    let hadLowerTiers = source.groups.contains { $0.hasLowerTiers(in: index) }
    let dropped = clear(id)
    if hadLowerTiers { degrade(.unprovenTier, of: id) }
    return dropped
  }

  /// Records whether another source is the same engine, so that neither can be credited.
  ///
  /// - Returns: Whether that is news.
  @discardableResult
  public mutating func setContested(_ isContested: Bool, of id: SourceID) -> Bool {
    guard let source = source(id), source.isContested != isContested else { return false }
    source.isContested = isContested
    outline(source)
    return true
  }
}
