extension SequenceTracker {
  /// Has the engine prove that it is the one that was followed, because something outside of the
  /// stream speaks against it.
  ///
  /// Without a usable replay endpoint nothing can prove it, so that a new incarnation begins.
  public mutating func suspect(now: UInt64) {
    self.now = now
    guard case .up = connection, !delivered.isEmpty else { return }
    if isReplayUsable {
      startReplay(.proof, at: now)
    } else {
      startIncarnation(.unproven)
    }
  }

  /// Forgets what was delivered, and fetches what the engine still has of its history.
  public mutating func resync(_ cause: IncarnationCause, now: UInt64) {
    self.now = now
    startIncarnation(cause)
    guard case .up = connection else { return }
    isReplayUsable = settings.hasReplay
    conflicts = 0
    if isReplayUsable { fetchHistory() }
  }
}
