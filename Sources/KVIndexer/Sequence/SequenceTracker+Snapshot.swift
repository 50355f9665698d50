/// Snapshots that engines tell of themselves, see `CacheSnapshot`.
///
/// One is asked for when the ring did not have the whole history. While it comes, live messages are
/// held back, and what is known stays as it was. It is believed once the ring shows, after it, the
/// message that was delivered last before it was asked for, and the last one that it contains: the
/// first was published before the request and is still there after the answer, so one process
/// published both and told of itself in between, however often other ones were started before or
/// after. The digest of the second is from then on what proves the process.
///
/// ```
/// live, incomplete     nothing open, nothing held       the same; the snapshot is asked for
/// waiting for it       live                             the same; held back
///                      received, resumes behind next    the same; replay from L as a proof
///                      received otherwise               live; not asked again
///                      ended with nothing               live; not offered, not asked again
///                      failed                           live; asked again after a pause
/// waiting for proof    replayed L, same digest          the same; proven
///                      replayed L, other digest         new incarnation; replay from 0
///                      replayed resume - 1, proven      bootstrapping; the snapshot is taken over
///                      replayed otherwise               the same; dropped
///                      begins after L, has a hole,      live; asked again after a pause
///                      ended, failed
/// taken over           as bootstrapping                 replayed from resume on: delivered
/// ```
extension SequenceTracker {
  /// How often one is asked for in an incarnation, and on a connection, before it counts as not to
  /// be had.
  static let snapshotAttemptsMax = 3

  /// Takes note that the open exchange has brought a whole snapshot, which the caller keeps.
  ///
  /// `.takeSnapshot` asks for it; any other end of the exchange, or of the one that follows it at
  /// once, means that it is of no use.
  public mutating func snapshotReceived(resume: UInt64, now: UInt64) {
    self.now = now
    guard let exchange = replay, exchange.isRequested, exchange.purpose == .snapshot else { return }
    replay = nil
    guard let next, wantsSnapshot, resume >= next, resume < UInt64.max - 1 else {
      // Of another process, or needed no more.
      snapshotAttempts = Self.snapshotAttemptsMax
      return
    }
    startReplay(.takeOver(resume: resume, isProven: false), at: now)
  }

  /// Asks for a snapshot if one would help and is due.
  ///
  /// - Returns: Whether it was asked for.
  mutating func askForSnapshot() -> Bool {
    guard let due = snapshotDueNanoseconds, now >= due else { return false }
    snapshotAttempts += 1
    startReplay(.snapshot, at: now)
    return true
  }

  /// When a snapshot is to be asked for; nil for never.
  var snapshotDueNanoseconds: UInt64? {
    guard case .up = connection, wantsSnapshot, snapshotAttempts < Self.snapshotAttemptsMax else {
      return nil
    }
    return snapshotNotBeforeNanoseconds
  }

  /// Whether something is missing that a ring does not have, and there is a message to prove by.
  private var wantsSnapshot: Bool {
    guard isReplayUsable, !delivered.isEmpty, case .incomplete(let cause) = history else {
      return false
    }
    switch cause {
    case .joinedLate, .gap, .overflow: return true
    case .undecodable, .replayFailed: return false
    }
  }

  /// Goes on without the snapshot of the present exchange.
  mutating func abandonSnapshot() {
    let pause = settings.retryDelayNanoseconds << UInt64(max(snapshotAttempts - 1, 0))
    snapshotNotBeforeNanoseconds = now &+ pause
    replay = nil
    checkLater()
  }

  /// Compares an answer with what was delivered before a snapshot was asked for, and takes the
  /// snapshot over once it is proven.
  mutating func proveSnapshot(
    _ resume: UInt64, isProven: Bool, by message: TrackedMessage
  ) {
    guard let last = delivered.lastSequence else { preconditionFailure("nothing to prove by") }
    if let known = delivered.digest(at: message.sequence), known != message.digest {
      push(.drop(.given, .stale))
      // Which of the processes published them can't be told; the ring has what is needed of them.
      discardHeld()
      startIncarnation(.historyDiffers)
      return startReplay(.bootstrap, at: now)
    }
    guard message.sequence <= last || isProven, message.sequence < resume else {
      push(.drop(.given, .stale))
      push(.cancelReplay)
      return abandonSnapshot()
    }
    push(.drop(.given, .duplicate))
    if message.sequence + 1 == resume {
      takeOver(message)
    } else if message.sequence == last {
      replay?.purpose = .takeOver(resume: resume, isProven: true)
    }
  }

  /// Begins anew with the snapshot, of which `last` is the last message that it contains.
  private mutating func takeOver(_ last: TrackedMessage) {
    forget()
    delivered.record(last.sequence, last.digest)
    next = last.sequence + 1
    voidEnd = last.sequence + 1
    history = .complete
    replay?.purpose = .bootstrap
    push(.takeSnapshot(Record.Message(sequence: last.sequence, digest: last.digest)))
  }
}
