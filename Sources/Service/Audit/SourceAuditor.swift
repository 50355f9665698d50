import KVIndexer
import Tokenize

/// Draws the consequences of what engines deliver, and of what they say of themselves.
///
/// It is told of deliveries by `Insight`, and looks at all sources ten times a second. Whatever it
/// finds is a line in the log, a count, and a change of the source's trust.
final class SourceAuditor: Sendable {
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
  /// Nanoseconds before lost events are given up.
  let patience: UInt64
  let fleet: SharedFleet
  let queue: IngestQueue
  let findings = Labelled<AuditFinding, Counter> { Counter() }
  let resyncs = Counter()
  let membership: FleetMembership
  let engines: FleetEngines
  let subscriptions: SubscriptionLoop
  let log: Log
  let lock = Lock()
  // Under the lock:
  nonisolated(unsafe) private var watched: [SourceID: Watched] = [:]
  /// Names of endpoints whose engines were asleep when they were last asked.
  nonisolated(unsafe) var asleep: Set<String> = []

  init(
    _ settings: AuditSettings, intake: EventIntake, membership: FleetMembership,
    engines: FleetEngines, log: Log
  ) {
    mode = settings.mode
    patience = settings.patience.wholeNanoseconds
    fleet = intake.fleet
    queue = intake.ingest.queue
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
      takeSleep(of: member)
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
}

extension Trust {
  static let joinedLate = Trust.degraded(.joinedLate)
}
