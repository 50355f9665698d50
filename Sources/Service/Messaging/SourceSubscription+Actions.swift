internal import KVIndexer

extension SourceSubscription {
  /// Does what the tracker wants done after an input; `given` is the message of that input.
  func performActions(_ given: GivenPayload? = nil) {
    while let action = tracker.nextAction() {
      switch action {
      case .deliver(let sequence, let origin): deliverBatch(sequence, origin, given)
      case .hold:
        guard let given else { preconditionFailure("a hold without a message") }
        held.append(
          HeldPayload(
            bytes: Array(given.bytes), receivedAtNanoseconds: given.receivedAtNanoseconds))
      case .drop(let origin, let reason):
        if origin == .held { _ = held.popFirst() }
        count(reason)
      case .discardHeld:
        counters.staleMessages += UInt64(held.count)
        held.removeAll()
      case .requestReplay(let start): requestExchange(.replay(from: start))
      case .requestSnapshot: requestExchange(.snapshot)
      case .cancelReplay:
        counters.replaysCancelled += 1
        closeExchange()
      case .newIncarnation(let cause):
        counters.incarnations[cause, default: 0] += 1
        incarnation.number &+= 1
        twins.forget(target.source)
        deliver(.newIncarnation(cause))
      case .takeSnapshot(let last): deliverSnapshot(upTo: last)
      case .declareGap(let range, let cause): count(range, cause)
      case .state(let state):
        // First, so that who sees the state finds the counters that led to it.
        publishSnapshot()
        if !isContested { deliver(.state(state)) }
      }
    }
  }

  private func deliverBatch(
    _ sequence: UInt64, _ origin: SequenceTracker.Origin, _ given: GivenPayload?
  ) {
    let payload: HeldPayload
    switch origin {
    case .given:
      guard let given else { preconditionFailure("a delivery without a message") }
      noteNews(sequence, given)
      payload = HeldPayload(
        bytes: Array(given.bytes), receivedAtNanoseconds: given.receivedAtNanoseconds)
    case .held:
      guard let oldest = held.popFirst() else { preconditionFailure("nothing is held") }
      payload = oldest
    }
    let isAccepted = deliver(
      .batch(
        sequence: sequence, payload: payload.bytes,
        receivedAtNanoseconds: payload.receivedAtNanoseconds))
    if isAccepted {
      counters.deliveredMessages += 1
    } else {
      counters.overflows += 1
      tracker.lost(sequence, now: MonotonicClock.nowNanoseconds())
    }
  }

  @discardableResult
  func deliver(_ content: Delivery.Content) -> Bool {
    outlet.sink(Delivery(source: target.source, incarnation: incarnation, content: content))
  }

  private func count(_ reason: SequenceTracker.DropReason) {
    switch reason {
    case .duplicate: counters.duplicates += 1
    case .stale: counters.staleMessages += 1
    case .holdFull: counters.holdOverflows += 1
    case .notData: counters.malformedMessages += 1
    }
  }

  private func count(_ range: Range<UInt64>, _ cause: IncompleteCause) {
    // Wrapping: the sequences are a peer's, and it may jump as far as it likes.
    let lost = range.upperBound - range.lowerBound
    if cause == .joinedLate {
      counters.missedBeforeJoining &+= lost
    } else {
      counters.gaps += 1
      counters.lostMessages &+= lost
    }
  }
}
