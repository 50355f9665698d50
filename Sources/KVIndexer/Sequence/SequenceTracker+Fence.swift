/// What became of a fence, see `SequenceTracker.fence(now:)`.
public enum FenceOutcome: Sendable, Equatable, CaseIterable {
  case set
  /// Messages that were published meanwhile are unknown, and may be from before the fence.
  case notConnected
  /// As `notConnected`: the history is being fetched or proven.
  case catchingUp
  /// Nothing has been received, so there is no place in the stream to put the fence at.
  case nothingReceived
}

extension SequenceTracker {
  /// Takes somebody's word that the engine's cache is empty now: whatever was published before is
  /// void, lost or not, and what comes from now on is the whole history.
  ///
  /// The last message received so far becomes the fence. A ring may keep messages from before it;
  /// they are never delivered again while the engine is the same process, even after replays that
  /// would begin at 0 otherwise. That it is the same the ring proves by the fence's digest, as after
  /// a reconnection; a new process has no fence.
  public mutating func fence(now: UInt64) -> FenceOutcome {
    self.now = now
    guard case .up = connection else { return .notConnected }
    switch replay?.purpose {
    case .bootstrap, .proof: return .catchingUp
    case .fill, .check, .snapshot, .takeOver, nil: break
    }
    guard let last = lastReceived else { return .nothingReceived }
    closeReplay()
    discardHeld()
    if delivered.lastSequence.map({ $0 < last.sequence }) ?? true {
      delivered.record(last.sequence, last.digest)
    }
    fence = last
    let end = max(next ?? 0, last.sequence + 1)
    next = end
    voidEnd = end
    lossEnd = 0
    history = .complete
    refused = nil
    isTailUnknown = false
    checkLater()
    return .set
  }

  /// The message with the highest sequence, delivered or not.
  private var lastReceived: TrackedMessage? {
    var last = lastLive
    if let sequence = delivered.lastSequence, lastLive.map({ sequence > $0.sequence }) ?? true,
      let digest = delivered.digest(at: sequence)
    {
      last = TrackedMessage(sequence: sequence, digest: digest, byteCount: 0)
    }
    return last
  }

  /// Fetches the history from its beginning; from the fence on, if there is one, provided that the
  /// ring proves that the fence is this engine's.
  mutating func fetchHistory() {
    guard let fence else { return startReplay(.bootstrap, at: now) }
    delivered.record(fence.sequence, fence.digest)
    next = fence.sequence + 1
    voidEnd = fence.sequence + 1
    history = .complete
    startReplay(.proof, at: now)
  }
}
