extension SequenceTracker {
  /// Takes note that what the engine caches is known, although it was joined late.
  ///
  /// Only a missing beginning can be made up for: of other losses nobody can say what they hid.
  public mutating func historyKnown() {
    if history == .incomplete(.joinedLate) { history = .complete }
  }
}
