extension SequenceTracker {
  /// Takes note that a connection to the engine stands.
  public mutating func connected(now: UInt64) {
    self.now = now
    if case .up = connection {
      guard !isConnectionImplied else {
        isConnectionImplied = false
        return
      }
      // Another peer, while we have not heard that the first one is gone.
      disconnected(now: now)
    }
    connection = .up
    isReplayUsable = settings.hasReplay
    conflicts = 0
    snapshotAttempts = 0
    if delivered.isEmpty {
      startIncarnation(.unproven)
      if isReplayUsable { fetchHistory() }
    } else if isReplayUsable {
      startReplay(.proof, at: now)
    } else {
      startIncarnation(.unproven)
    }
  }

  /// Takes note that the connection is gone.
  public mutating func disconnected(now: UInt64) {
    self.now = now
    guard case .up = connection else { return }
    connection = .down(sinceNanoseconds: now)
    isConnectionImplied = false
    lastLive = nil
    unheardChecks = 0
    checkAtNanoseconds = nil
    closeReplay()
    discardHeld()
  }

  /// Forgets the incarnation, and has it cleared if anything of it was delivered or declared.
  mutating func startIncarnation(_ cause: IncarnationCause) {
    if !delivered.isEmpty || lossEnd > 0 { push(.newIncarnation(cause)) }
    if cause.provesRestart { fence = nil }
    forget()
  }

  /// Forgets everything of the incarnation.
  mutating func forget() {
    next = nil
    history = nil
    delivered.removeAll()
    refused = nil
    lossEnd = 0
    voidEnd = 0
    isTailUnknown = false
    snapshotAttempts = 0
    snapshotNotBeforeNanoseconds = 0
  }

  /// Begins anew after a sign of a restart that no notice of a disconnection preceded.
  ///
  /// Two engines behind one endpoint look like a restart at every message, so the replays of
  /// restarts that follow each other closely are spread. A replay endpoint that belongs to another
  /// engine contradicts the live stream each time, so it is given up.
  mutating func restart(_ cause: IncarnationCause) {
    if current != nil {
      push(.drop(.given, .stale))
      current = nil
    }
    startIncarnation(cause)
    if held.isEmpty { lastLive = nil }
    if cause == .historyDiffers { conflicts += 1 }
    isReplayUsable = settings.hasReplay && conflicts < Self.conflictsMax
    guard isReplayUsable else {
      checkAtNanoseconds = nil
      return closeReplay()
    }
    let pause = settings.retryDelayNanoseconds
    let earliest = max(now, lastRestartNanoseconds.map { $0 &+ pause } ?? 0)
    lastRestartNanoseconds = earliest
    startReplay(.bootstrap, at: earliest)
  }

  mutating func discardHeld() {
    guard !held.isEmpty else { return }
    held.removeAll()
    push(.discardHeld)
  }

  mutating func push(_ action: Action) { pending.append(action) }
}
