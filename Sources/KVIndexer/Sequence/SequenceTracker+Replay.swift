extension SequenceTracker {
  /// Takes a message of the open exchange's answer.
  public mutating func replayed(
    _ sequence: UInt64, digest: PayloadDigest, byteCount: Int, now: UInt64
  ) {
    self.now = now
    guard sequence != UInt64.max else { return push(.drop(.given, .notData)) }
    guard let exchange = replay, exchange.isRequested else {
      return push(.drop(.given, .stale))
    }
    let message = TrackedMessage(sequence: sequence, digest: digest, byteCount: byteCount)
    switch exchange.purpose {
    case .proof: if prove(by: message) { current = message }
    case .takeOver(let resume, let isProven):
      proveSnapshot(resume, isProven: isProven, by: message)
    case .snapshot: push(.drop(.given, .stale))
    case .bootstrap, .fill, .check: current = message
    }
  }

  /// Compares an answer with what was delivered before the reconnection.
  ///
  /// - Returns: Whether the message is to be applied.
  private mutating func prove(by message: TrackedMessage) -> Bool {
    guard let last = delivered.lastSequence else { return true }
    if message.sequence > last {
      // The ring has moved on: neither the same nor another engine can be told from it.
      startIncarnation(.unproven)
      replay?.purpose = .bootstrap
      return true
    }
    if let known = delivered.digest(at: message.sequence), known != message.digest {
      push(.drop(.given, .stale))
      startIncarnation(.historyDiffers)
      startReplay(.bootstrap, at: now)
      return false
    }
    push(.drop(.given, .duplicate))
    if message.sequence == last { replay?.purpose = .fill }
    return false
  }

  /// Takes note of the end marker of the open exchange.
  public mutating func replayEnded(now: UInt64) {
    self.now = now
    guard let exchange = replay, exchange.isRequested else { return }
    switch exchange.purpose {
    case .proof:
      startIncarnation(.historyDiffers)
      startReplay(.bootstrap, at: now)
    case .bootstrap where next == nil:
      // The engine has published nothing yet.
      next = 0
      history = .complete
      replay = nil
      checkLater(isSuspect: true)
    case .bootstrap, .fill:
      settle(exchange)
      replay = nil
      checkLater(isSuspect: lastLive == nil)
    case .check:
      replay = nil
      noteCheck()
    case .snapshot:
      // Nothing but the end: none is offered.
      snapshotAttempts = Self.snapshotAttemptsMax
      replay = nil
      checkLater()
    case .takeOver: abandonSnapshot()
    }
  }

  /// Takes note that the open exchange failed; the caller has closed it.
  public mutating func replayFailed(now: UInt64) {
    self.now = now
    guard var exchange = replay, exchange.isRequested else { return }
    switch exchange.purpose {
    case .snapshot, .takeOver: return abandonSnapshot()
    case .bootstrap, .proof, .fill, .check: break
    }
    if exchange.attempts < settings.replayAttemptsMax {
      let pause = settings.retryDelayNanoseconds << UInt64(exchange.attempts - 1)
      exchange.isRequested = false
      exchange.notBeforeNanoseconds = now &+ pause
      replay = exchange
      return
    }
    isReplayUsable = false
    checkAtNanoseconds = nil
    replay = nil
    isTailUnknown = true
    if exchange.purpose == .proof {
      startIncarnation(.unproven)
      isTailUnknown = true
    } else {
      settle(exchange)
    }
  }

  /// Asks for what `wakesAtNanoseconds` announced.
  public mutating func tick(now: UInt64) {
    self.now = now
    guard let time = wakesAtNanoseconds, now >= time else { return }
    if replay != nil {
      requestReplay()
    } else if let check = checkAtNanoseconds, now >= check {
      startCheck()
    }
    // A snapshot that is due is asked for when the next action is taken.
  }

  /// Opens an exchange in place of any other, at once or when its time has come.
  mutating func startReplay(
    _ purpose: ReplayExchange.Purpose, owed: Range<UInt64>? = nil, cause: IncompleteCause = .gap,
    at notBefore: UInt64
  ) {
    if notBefore > now { closeReplay() }
    replay = ReplayExchange(
      purpose: purpose, owed: owed, cause: cause, notBeforeNanoseconds: notBefore)
    if notBefore <= now { requestReplay() }
  }

  mutating func closeReplay() {
    if let replay, replay.isRequested { push(.cancelReplay) }
    replay = nil
  }

  private mutating func requestReplay() {
    replay?.isRequested = true
    replay?.attempts += 1
    push(replay?.purpose == .snapshot ? .requestSnapshot : .requestReplay(from: replayStart))
  }

  /// The last delivered message is asked for again, so that the answer shows whose it is; unless
  /// messages after it are lost, which are not asked for twice.
  private var replayStart: UInt64 {
    guard let last = delivered.lastSequence else { return next ?? 0 }
    switch replay?.purpose {
    case .proof, .takeOver: return last
    case .bootstrap, .fill, .check, .snapshot, nil: break
    }
    if let next, next > last + 1 { return next }
    return last
  }

  /// Declares lost what an exchange was to bring and did not.
  private mutating func settle(_ exchange: ReplayExchange) {
    guard let owed = exchange.owed, let next, next < owed.upperBound else { return }
    declareGap(next..<owed.upperBound, exchange.cause)
  }
}
