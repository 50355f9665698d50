internal import KVIndexer

/// The exchange that fetches what was missed: asked for, waited for, opened, read and closed.
extension SourceSubscription {
  /// Malformed messages in an answer before it is given up.
  private static let malformedMax = 16

  /// Asks for a place to replay from, in place of any exchange that is still open.
  func requestExchange(from start: UInt64) {
    if exchange != nil { counters.replaysCancelled += 1 }
    dropExchange()
    counters.replaysRequested += 1
    waitingStart = start
    let delay = isReplayDelayed ? settings.replayJitterMilliseconds * 1_000_000 : 0
    isReplayDelayed = false
    let now = MonotonicClock.nowNanoseconds()
    if pacer.request(target.source, delayMaxNanoseconds: delay, now: now) { openExchange() }
  }

  /// Opens the exchange that waits for a place, which it has now.
  func openExchange() {
    guard let start = waitingStart else {
      preconditionFailure("a place for a replay that nobody asked for")
    }
    waitingStart = nil
    guard let endpoint = target.replayEndpoint else {
      preconditionFailure("a replay without an endpoint")
    }
    let now = MonotonicClock.nowNanoseconds()
    exchangeEndNanoseconds = now + settings.replayLimitMilliseconds * 1_000_000
    extendExchange(now: now)
    do throws(ZMQError) {
      exchange = try ReplayExchange(
        endpoint: endpoint, over: replayVersion, from: start, settings: settings, in: context)
    } catch {
      // It has failed by the next turn, and is counted there.
      exchange = nil
      exchangeDeadlineNanoseconds = now
    }
  }

  /// Closes the exchange, or stops waiting for one, and gives its place to others.
  func closeExchange() {
    dropExchange()
    waitingStart = nil
    pacer.release(target.source)
  }

  private func dropExchange() {
    exchange = nil
    exchangeDeadlineNanoseconds = nil
  }

  private func extendExchange(now: UInt64) {
    exchangeDeadlineNanoseconds = min(
      now + settings.replayTimeoutMilliseconds * 1_000_000, exchangeEndNanoseconds)
  }

  func failExchange(now: UInt64) {
    closeExchange()
    counters.replaysFailed += 1
    isReplayDelayed = true
    tracker.replayFailed(now: now)
    performActions()
  }

  /// Takes what has come of an answer, up to a slice of it.
  ///
  /// An answer is believed as long as its numbers ascend. It has to bring something now and then,
  /// and to end in time, whatever it brings: a server that streams for ever must not keep its place
  /// nor the live messages waiting.
  func takeReplayed(_ message: MultipartMessage) {
    for _ in 0..<settings.sliceMessages {
      guard let exchange, message.receive(from: exchange.socket) else { return }
      let now = MonotonicClock.nowNanoseconds()
      switch EventMessage.replay(message) {
      case .malformed:
        counters.malformedMessages += 1
        if exchange.countMalformed() > Self.malformedMax { return failExchange(now: now) }
      case .batch(let sequence, let index, _):
        guard exchange.received(sequence) else {
          counters.malformedMessages += 1
          return failExchange(now: now)
        }
        extendExchange(now: now)
        counters.replayedMessages += 1
        let payload = take(sequence, message.frame(index))
        let digest = PayloadDigest(of: payload.bytes)
        noteTwins(sequence, digest)
        tracker.replayed(sequence, digest: digest, byteCount: payload.bytes.count, now: now)
        performActions(payload)
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
}
