import KVIndexer

/// What the engines' own numbers tell of their caches.
extension SourceAuditor {
  /// Looks at one source.
  func look(
    at source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, _ now: UInt64
  ) {
    if let room = room(of: member, for: audited) {
      if audited.trust == .joinedLate {
        takeProof(source, member, audited, capacity: room.blocks)
      }
      let isTooMuch = change(source, member, audited) {
        $0.audit.observe(audited, capacity: room.blocks, readAt: room.readAt)
      }
      if isTooMuch, !audited.isDamaged { doubt(source, member, audited, .tooManyBlocks, now) }
    }
    let isLost = change(source, member, audited) { watched in
      guard audited.trust == .degraded(.gap) || audited.trust == .degraded(.overflow) else {
        watched.lostSince = nil
        // Its cache was emptied meanwhile: what was wrong with it is over.
        if audited.trust == .exact { watched.resyncWanted = nil }
        return false
      }
      let since = watched.lostSince ?? now
      watched.lostSince = since
      return now &- since >= patience && watched.resyncWanted == nil
    }
    if isLost { doubt(source, member, audited, .eventsLost, now) }
    resyncIfDue(source, member, audited, now)
  }

  /// Blocks that one rank has room for, as its engine said while it had the cache that it has.
  func room(
    of member: FleetMembership.Member, for audited: AuditedSource
  ) -> (blocks: Int, readAt: UInt64)? {
    guard let readAt = engines.snapshot(ofEndpoint: member.name)?.readAt,
      CoarseTime(nanoseconds: readAt) > audited.knownSince,
      let blocks = engines.capacityBlocks(of: member), blocks > 0
    else { return nil }
    return (blocks, readAt)
  }

  /// Has a source that was joined late become exact once nothing unknown fits beside what is known.
  private func takeProof(
    _ source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, capacity: Int
  ) {
    guard audited.unknownMax(capacity: capacity) == 0 else { return }
    let isNew = change(source, member, audited) { watched in
      defer { watched.proven = audited.incarnation }
      return watched.proven != audited.incarnation
    }
    guard isNew else { return }
    subscriptions.historyKnown(source.id, audited.incarnation)
    tell(.historyKnown, source, member, audited, " (\(capacity) blocks)")
  }

  /// Forgets what an engine held that has gone to sleep: it tells so only with its next request.
  func takeSleep(of member: FleetMembership.Member) {
    guard let snapshot = engines.snapshot(ofEndpoint: member.name), let readAt = snapshot.readAt,
      let isAsleep = snapshot.report.isSleeping
    else { return }
    let hasFallenAsleep = lock.withLock {
      guard !isAsleep else { return asleep.insert(member.name).inserted }
      asleep.remove(member.name)
      return false
    }
    guard hasFallenAsleep else { return }
    for source in member.sources {
      let heard = subscriptions.snapshot(of: source.id)?.counters.lastReceivedNanoseconds
      // It was awake again meanwhile, and has told itself that its cache was emptied.
      if let heard, heard > readAt { continue }
      let dropped = fleet.write { $0.empty(source.id) }
      guard dropped > 0, let audited = fleet.read({ $0.audited(source.id) }) else { continue }
      tell(.slept, source, member, audited, "; \(dropped) blocks are dropped")
    }
  }
}
