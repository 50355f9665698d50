import KVIndexer

/// Draws the consequences of what engines deliver, and of what they say of themselves.
///
/// It is told of deliveries by `Insight`, and looks at all sources ten times a second. Whatever it
/// finds is a line in the log, a count, and a change of the source's trust.
final class SourceAuditor: Sendable {
  /// How long lost events may still come back before what is known is given up.
  private static let patience: UInt64 = 30_000_000_000

  /// One source and what is known of it beside its events.
  struct Watched {
    let endpoint: String
    var incarnation: Incarnation
    var audit = SourceAudit()
    var pause = ResyncPause()
    /// Why it is to be learnt anew, as soon as its pause allows that.
    var resyncWanted: AuditFinding?
    /// Since when events are lost for good.
    var lostSince: UInt64?
    /// The incarnation whose history was found to be known.
    var proven: Incarnation?
    var note: AuditNote?
    var resyncs = 0
  }

  let mode: AuditMode
  let fleet: SharedFleet
  let findings = Labelled<AuditFinding, Counter> { Counter() }
  let resyncs = Counter()
  private let membership: FleetMembership
  private let engines: FleetEngines
  private let subscriptions: SubscriptionLoop
  private let log: Log
  private let lock = Lock()
  // Under the lock:
  nonisolated(unsafe) private var watched: [SourceID: Watched] = [:]
  /// Names of endpoints whose engines were asleep when they were last asked.
  nonisolated(unsafe) private var asleep: Set<String> = []

  init(
    mode: AuditMode, intake: EventIntake, membership: FleetMembership, engines: FleetEngines,
    log: Log
  ) {
    self.mode = mode
    fleet = intake.fleet
    subscriptions = intake.subscriptions
    self.membership = membership
    self.engines = engines
    self.log = log
  }

  /// The last finding about a source, and how often it was learnt anew.
  func note(of source: SourceID) -> (note: AuditNote?, resyncs: Int) {
    lock.withLock { (watched[source]?.note, watched[source]?.resyncs ?? 0) }
  }

  /// How many blocks the engine of a source may hold that are not known; nil where the source was
  /// not joined late, or that can't be told.
  func unknownMax(of source: SourceID, _ member: FleetMembership.Member) -> Int? {
    guard let audited = fleet.read({ $0.audited(source) }), audited.trust == .joinedLate,
      let room = room(of: member, for: audited)
    else { return nil }
    return audited.unknownMax(capacity: room.blocks)
  }

  /// Changes what is kept of a source; begins anew where it is another one, or its cache is.
  func change<Result>(
    _ source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, _ body: (inout Watched) -> Result
  ) -> Result {
    lock.withLock {
      var entry = watched[source.id]
      if entry?.endpoint != member.name { entry = nil }
      var current = entry ?? Watched(endpoint: member.name, incarnation: audited.incarnation)
      if current.incarnation != audited.incarnation {
        current.incarnation = audited.incarnation
        current.audit.begin()
        current.lostSince = nil
      }
      defer { watched[source.id] = current }
      return body(&current)
    }
  }

  // MARK: What is due now and then

  /// Looks at every source.
  func tick(now: UInt64) {
    let members = membership.members
    for member in members {
      takeSleep(of: member, now)
      for source in member.sources where source.failure == nil {
        guard let audited = fleet.read({ $0.audited(source.id) }) else { continue }
        look(at: source, member, audited, now)
      }
    }
    forgetAllBut(members)
  }

  private func forgetAllBut(_ members: [FleetMembership.Member]) {
    lock.withLock {
      let count = members.reduce(0) { $0 + $1.sources.count }
      guard watched.count > count || asleep.count > members.count else { return }
      let sources = Set(members.flatMap { $0.sources.map(\.id) })
      watched = watched.filter { sources.contains($0.key) }
      asleep.formIntersection(members.map(\.name))
    }
  }

  private func look(
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
      if isTooMuch { doubt(source, member, audited, .tooManyBlocks, now) }
    }
    let isLost = change(source, member, audited) { watched in
      guard audited.trust == .degraded(.gap) || audited.trust == .degraded(.overflow) else {
        watched.lostSince = nil
        return false
      }
      let since = watched.lostSince ?? now
      watched.lostSince = since
      return now &- since >= Self.patience && watched.resyncWanted == nil
    }
    if isLost { doubt(source, member, audited, .eventsLost, now) }
    resyncIfDue(source, member, audited, now)
  }

  /// Blocks that one rank has room for, as its engine said while it had the cache that it has.
  private func room(
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
    tell(
      .historyKnown, source, member, audited, .info,
      "all of its engine's \(capacity) blocks have been announced since it was joined, so that "
        + "what it holds is known")
  }

  /// Forgets what an engine held that has gone to sleep: it tells so only with its next request.
  private func takeSleep(of member: FleetMembership.Member, _ now: UInt64) {
    guard let snapshot = engines.snapshot(ofEndpoint: member.name), let readAt = snapshot.readAt,
      let isAsleep = snapshot.report.isSleeping
    else { return }
    let hasFallenAsleep = lock.withLock {
      isAsleep ? asleep.insert(member.name).inserted : asleep.remove(member.name) == nil && false
    }
    guard hasFallenAsleep else { return }
    for source in member.sources {
      let heard = subscriptions.snapshot(of: source.id)?.counters.lastReceivedNanoseconds
      // It was awake again meanwhile, and has told itself that its cache was emptied.
      if let heard, heard > readAt { continue }
      let dropped = fleet.write { $0.noteEmptied(source.id) }
      guard dropped > 0, let audited = fleet.read({ $0.audited(source.id) }) else { continue }
      tell(
        .slept, source, member, audited, .info,
        "the engine sleeps and holds nothing any more; \(dropped) blocks are dropped")
    }
  }

  // MARK: Consequences

  /// Has a source say that it is not exact, and learns anew what it holds, now or later.
  func doubt(
    _ source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, _ finding: AuditFinding, _ now: UInt64
  ) {
    if finding != .eventsLost { fleet.write { $0.degrade(.drift, of: source.id) } }
    let (isRepeated, seconds) = change(source, member, audited) { watched in
      watched.resyncWanted = finding
      return (watched.pause.isRepeated(now: now), watched.pause.secondsLeft(now: now))
    }
    tell(
      finding, source, member, audited, .warning,
      finding.sentence + consequence(of: finding, isRepeated: isRepeated, seconds: seconds))
    resyncIfDue(source, member, audited, now)
  }

  private func consequence(
    of finding: AuditFinding, isRepeated: Bool, seconds: Double
  ) -> String {
    guard mode == .resync else {
      return "; POST /v1/sources/{id}/resync learns anew what it holds"
    }
    if !isRepeated { return "; what it holds is learnt anew" }
    let help =
      finding == .eventsLost
      ? "; that has happened before"
      : "; learning it anew did not help, perhaps because its requests do not read the cache "
        + "(prompt_logprobs) or read another one (a KV connector)"
    return help + "; the next attempt comes in \(Int(seconds.rounded(.up))) s"
  }

  private func resyncIfDue(
    _ source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, _ now: UInt64
  ) {
    guard mode == .resync else { return }
    let isDue = change(source, member, audited) { watched in
      guard watched.resyncWanted != nil, watched.pause.isOver(now: now) else { return false }
      watched.resyncWanted = nil
      watched.lostSince = nil
      watched.pause.begin(now: now)
      watched.resyncs += 1
      return true
    }
    guard isDue else { return }
    resyncs.add()
    subscriptions.resync(source.id, .drifted)
  }

  /// Counts a finding, remembers it, and says it in the log.
  func tell(
    _ finding: AuditFinding, _ source: FleetMembership.Subscribed,
    _ member: FleetMembership.Member, _ audited: AuditedSource, _ level: Log.Level,
    _ sentence: String
  ) {
    findings[finding].add()
    change(source, member, audited) {
      $0.note = AuditNote(finding: finding, time: WallClock.seconds())
    }
    log(level, "\(member.name) rank \(source.configuration.rank): \(sentence)")
  }
}

extension Trust {
  fileprivate static let joinedLate = Trust.degraded(.joinedLate)
}
