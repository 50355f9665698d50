internal import KVIndexer

/// Snapshots that engines tell of themselves: collected whole, proven by a replay, handed over.
extension SourceSubscription {
  func takeSnapshotMessage(
    _ payload: UnsafeRawBufferPointer, resume: UInt64, of exchange: ReplayExchange, now: UInt64
  ) {
    do throws(CacheSnapshotError) {
      try exchange.received(payload, resume: resume)
      extendExchange(now: now)
    } catch {
      outlet.onBadSnapshot(target.source, error)
      failExchange(now: now)
    }
  }

  func endSnapshot(_ exchange: ReplayExchange, now: UInt64) {
    guard let received = exchange.takeSnapshot() else {
      counters.snapshotsNotOffered += 1
      closeExchange()
      tracker.replayEnded(now: now)
      return performActions()
    }
    // The proof follows at once, and keeps the place: so no more snapshots wait than there are places.
    dropExchange()
    unproven = received
    tracker.snapshotReceived(resume: received.resume, now: now)
    performActions()
    if exchangeDeadlineNanoseconds == nil, waitingRequest == nil { closeExchange() }
  }

  func deliverSnapshot(upTo last: SequenceTracker.Record.Message) {
    guard let snapshot = unproven else { preconditionFailure("a snapshot that nobody has") }
    unproven = nil
    counters.snapshotsTaken += 1
    incarnation.number &+= 1
    deliver(.snapshot(snapshot, upTo: last))
  }
}
