internal import KVIndexer

/// The exchange that fetches what was missed: asked for, waited for, opened, read and closed.
extension SourceSubscription {
  /// Malformed messages in an answer before it is given up.
  private static let malformedMax = 16

  /// Asks for a place for an exchange, in place of any that is still open.
  func requestExchange(_ request: ReplayExchange.Request) {
    if exchange != nil {
      counters.replaysCancelled += 1
      dropSnapshot()
    }
    dropExchange()
    switch request {
    case .replay: counters.replaysRequested += 1
    case .snapshot: counters.snapshotsRequested += 1
    }
    waitingRequest = request
    let delay = isReplayDelayed ? settings.replayJitterMilliseconds * 1_000_000 : 0
    isReplayDelayed = false
    let now = MonotonicClock.nowNanoseconds()
    if pacer.request(target.source, delayMaxNanoseconds: delay, now: now) { openExchange() }
  }

  /// Opens the exchange that waits for a place, which it has now.
  func openExchange() {
    guard let request = waitingRequest else {
      preconditionFailure("a place for an exchange that nobody asked for")
    }
    waitingRequest = nil
    guard let endpoint = target.replayEndpoint else {
      preconditionFailure("a replay without an endpoint")
    }
    let now = MonotonicClock.nowNanoseconds()
    exchangeEndNanoseconds = now + settings.replayLimitMilliseconds * 1_000_000
    extendExchange(now: now)
    do throws(ZMQError) {
      exchange = try ReplayExchange(
        endpoint: endpoint, over: replayVersion, request, settings: settings, in: context)
    } catch {
      // It has failed by the next turn, and is counted there.
      exchange = nil
      exchangeDeadlineNanoseconds = now
    }
  }

  /// Closes the exchange, or stops waiting for one, and gives its place to others.
  func closeExchange() {
    dropExchange()
    dropSnapshot()
    waitingRequest = nil
    pacer.release(target.source)
  }

  func dropExchange() {
    exchange = nil
    exchangeDeadlineNanoseconds = nil
    roomAwaitedSinceNanoseconds = nil
  }

  /// Forgets a snapshot that could not be proven.
  private func dropSnapshot() {
    guard unproven != nil else { return }
    unproven = nil
    counters.snapshotsFailed += 1
  }

  func extendExchange(now: UInt64) {
    exchangeDeadlineNanoseconds = min(
      now + settings.replayTimeoutMilliseconds * 1_000_000, exchangeEndNanoseconds)
  }

  func failExchange(now: UInt64) {
    if exchange?.isSnapshot ?? false {
      counters.snapshotsFailed += 1
    } else {
      counters.replaysFailed += 1
    }
    closeExchange()
    isReplayDelayed = true
    tracker.replayFailed(now: now)
    performActions()
  }

  /// Takes what has come of an answer, up to a slice of it, as far as the consumer has room.
  ///
  /// An answer is believed as long as its numbers ascend. It has to bring something now and then,
  /// and to end in time, whatever it brings: a server that streams for ever must not keep its place
  /// nor the live messages waiting.
  func takeReplayed() {
    for _ in 0..<settings.sliceMessages {
      guard let exchange, exchange.receive() else { return }
      let now = MonotonicClock.nowNanoseconds()
      let message = EventMessage.replay(exchange.message)
      if case .batch(_, let index, _) = message, !exchange.isSnapshot {
        guard hasRoom(bytes: exchange.message.frame(index).count, now: now) else { return }
      }
      exchange.dealtWith()
      switch message {
      case .malformed:
        counters.malformedMessages += 1
        if exchange.countMalformed() > Self.malformedMax { return failExchange(now: now) }
      case .batch(let sequence, let index, _):
        let payload = exchange.message.frame(index)
        if exchange.isSnapshot {
          takeSnapshotMessage(payload, resume: sequence, of: exchange, now: now)
        } else {
          takeReplayed(payload, sequence, of: exchange, now: now)
        }
      case .end where exchange.isSnapshot: endSnapshot(exchange, now: now)
      case .end:
        switch exchange.outcome {
        case .complete: counters.replaysComplete += 1
        case .partial: counters.replaysPartial += 1
        case .empty: counters.replaysEmpty += 1
        }
        closeExchange()
        tracker.replayEnded(now: now)
        performActions()
      }
    }
  }

  private func takeReplayed(
    _ bytes: UnsafeRawBufferPointer, _ sequence: UInt64, of exchange: ReplayExchange, now: UInt64
  ) {
    guard exchange.received(sequence) else {
      counters.malformedMessages += 1
      return failExchange(now: now)
    }
    extendExchange(now: now)
    counters.replayedMessages += 1
    let payload = take(bytes)
    let digest = PayloadDigest(of: payload.bytes)
    noteTwins(sequence, digest)
    tracker.replayed(sequence, digest: digest, byteCount: payload.bytes.count, now: now)
    performActions(payload)
  }

  /// Whether the consumer has room for the message that was received, and for the snapshot that it
  /// may complete.
  ///
  /// Where it has none, the message waits, libzmq keeps those behind it, and the time of the exchange
  /// stands still, unless it takes too long altogether.
  private func hasRoom(bytes: Int, now: UInt64) -> Bool {
    guard outlet.hasRoom(target.source, bytes + (unproven?.byteCount ?? 0)) else {
      if roomAwaitedSinceNanoseconds == nil {
        counters.roomWaits += 1
        roomAwaitedSinceNanoseconds = now
        exchangeDeadlineNanoseconds = now + settings.roomWaitMilliseconds * 1_000_000
      }
      return false
    }
    if let since = roomAwaitedSinceNanoseconds {
      exchangeEndNanoseconds += now - since
      roomAwaitedSinceNanoseconds = nil
      extendExchange(now: now)
    }
    return true
  }
}
