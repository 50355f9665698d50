extension SequenceTracker {
  /// Takes a message of the live stream.
  ///
  /// - Parameters:
  ///   - sequence: As the engine numbered it.
  ///   - digest: Of the raw payload.
  ///   - byteCount: Of the payload, towards `heldBytesMax`.
  ///   - now: Nanoseconds of any monotonic clock.
  public mutating func live(
    _ sequence: UInt64, digest: PayloadDigest, byteCount: Int, now: UInt64
  ) {
    self.now = now
    guard sequence != UInt64.max else { return push(.drop(.given, .notData)) }
    let message = TrackedMessage(sequence: sequence, digest: digest, byteCount: byteCount)
    if case .up = connection {
    } else {
      connected(now: now)
      isConnectionImplied = true
    }
    if let lastLive, sequence <= lastLive.sequence {
      let isRepeated =
        sequence == lastLive.sequence && digest == lastLive.digest
        || delivered.digest(at: sequence) == digest
      guard !isRepeated else { return push(.drop(.given, .duplicate)) }
      discardHeld()
      restart(.sequenceRegressed)
    }
    if isBeyondPublished(message) { startIncarnation(.unproven) }
    lastLive = message
    unheardChecks = 0
    // It tells as much as the check would, and need not wait for it.
    if replay?.purpose == .check { closeReplay() }
    checkLater()
    if replay != nil || !held.isEmpty {
      hold(message)
    } else if let next, sequence > next, isReplayUsable {
      startReplay(.fill, owed: next..<sequence, cause: gapCause, at: now)
      hold(message)
    } else {
      apply(message, .given)
    }
  }

  /// Whether replays that were given up have brought more than the engine had published: nothing that
  /// they brought can be believed then, and the live stream can.
  private func isBeyondPublished(_ message: TrackedMessage) -> Bool {
    guard settings.hasReplay, !isReplayUsable, held.isEmpty, let next else { return false }
    return message.sequence < next && delivered.digest(at: message.sequence) == nil
  }

  /// Takes back the delivery taken last: the consumer's queue refused it.
  ///
  /// The message and all after it are asked for again, after a pause in which the queue may drain.
  /// One that is refused twice is declared lost.
  public mutating func lost(_ sequence: UInt64, now: UInt64) {
    self.now = now
    guard delivered.lastSequence == sequence, next == sequence + 1 else { return }
    delivered.removeLast()
    guard isReplayUsable, refused != sequence else {
      return declareGap(sequence..<(sequence + 1), .overflow)
    }
    refused = sequence
    next = sequence
    if current != nil {
      push(.drop(.given, .stale))
      current = nil
    }
    let isBootstrapping = replay?.purpose == .bootstrap
    let end = max(sequence + 1, replay?.owed?.upperBound ?? 0)
    startReplay(
      isBootstrapping ? .bootstrap : .fill, owed: sequence..<end, cause: .overflow,
      at: now &+ settings.retryDelayNanoseconds)
  }

  /// Takes note that the payload of a delivered message made no sense.
  public mutating func undecodable(_ sequence: UInt64) {
    guard let next, sequence < next, sequence >= voidEnd else { return }
    lossEnd = max(lossEnd, sequence + 1)
    degrade(.undecodable)
  }

  /// Takes note that the message of `sequence` emptied the whole cache, by which nothing that was
  /// lost before it matters any more.
  public mutating func historyCleared(at sequence: UInt64) {
    guard let next, sequence < next, sequence >= lossEnd, history != nil else { return }
    history = .complete
  }

  /// Delivers a message, or drops it, whatever is missing before it.
  mutating func apply(_ message: TrackedMessage, _ origin: Origin, replayed: Bool = false) {
    let sequence = message.sequence
    if let next, sequence < next {
      if let known = delivered.digest(at: sequence), known != message.digest {
        return applyAfterRestart(message, origin, replayed: replayed)
      }
      if origin == .held { held.removeFirst() }
      return push(.drop(origin, .duplicate))
    }
    if let next {
      if sequence > next { declareGap(next..<sequence, gapCause) }
    } else if sequence > 0 {
      declareGap(0..<sequence, .joinedLate)
    } else {
      history = .complete
    }
    if origin == .held { held.removeFirst() }
    isTailUnknown = false
    delivered.record(sequence, message.digest)
    next = sequence + 1
    push(.deliver(sequence, origin))
  }

  /// Deals with a message whose sequence was delivered with another payload.
  private mutating func applyAfterRestart(
    _ message: TrackedMessage, _ origin: Origin, replayed: Bool
  ) {
    restart(.historyDiffers)
    switch origin {
    case .given where replayed: push(.drop(.given, .stale))
    case .given where replay != nil: hold(message)
    case .given: apply(message, .given)
    // It stays in the queue, and is applied once the new history is known up to it.
    case .held: break
    }
  }

  private mutating func hold(_ message: TrackedMessage) {
    let hasRoom =
      held.count < settings.heldMessagesMax
      && held.byteCount + message.byteCount <= settings.heldBytesMax
    guard hasRoom else { return push(.drop(.given, .holdFull)) }
    held.append(message)
    push(.hold)
  }

  /// Nothing delivered and something missing: it is the beginning that is missing.
  var gapCause: IncompleteCause { delivered.isEmpty ? .joinedLate : .gap }

  mutating func declareGap(_ range: Range<UInt64>, _ cause: IncompleteCause) {
    push(.declareGap(range, cause))
    next = range.upperBound
    lossEnd = max(lossEnd, range.upperBound)
    isTailUnknown = false
    degrade(cause)
  }

  /// A missing beginning hides blocks; any other loss may hide removals, so it is named instead.
  private mutating func degrade(_ cause: IncompleteCause) {
    switch history {
    case .incomplete(let earlier) where earlier != .joinedLate: break
    default: history = .incomplete(cause)
    }
  }
}
