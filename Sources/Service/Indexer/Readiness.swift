import KVIndexer

/// When answers mean enough to be asked for.
package struct ReadinessSettings: Sendable, Equatable {
  /// The share of the sources that must be exact; nil to wait for no more than that none is
  /// catching up and one can be used.
  package var exactShare: Double?
  /// After so long it is ready, whatever the sources are; nil for never.
  package var after: Duration?
  /// A source whose engine has not answered for so long is not waited for.
  package var connectLimit = Duration.seconds(10)

  package init() {}
}

/// Whether the service is ready: a latch over the trust of all sources.
///
/// Once ready it stays so while any source can be used: an engine that restarts makes the answers
/// for its endpoint say so, and no reason to take the answers for all others away. When no source
/// can be used any more, nothing is known of any endpoint, another indexer may know more, and what
/// readiness takes has to come about anew. Those who set a time have chosen answers without
/// knowledge over none: when it has passed, it is ready for good.
final class Readiness: @unchecked Sendable {
  struct Report: Equatable {
    var isReady = false
    /// Why it is not ready, in a sentence.
    var reason: String?
    var byTrust: [String: Int] = [:]
    var sources = 0
    var exact = 0
    /// Sources that readiness is still waiting for, `ENDPOINT:RANK`.
    var waiting: [String] = []
  }

  let settings: ReadinessSettings
  private let fleet: SharedFleet
  private let membership: FleetMembership
  private let readyAtNanoseconds: UInt64?
  private let lock = Lock()
  private var wasReady = false
  private var lastReported = false
  private var observer: (@Sendable () -> Void)?
  /// Since when each source that is not connected is not.
  private var disconnectedSince: [SourceID: UInt64] = [:]

  init(
    _ settings: ReadinessSettings, fleet: SharedFleet, membership: FleetMembership,
    now: UInt64 = MonotonicClock.nowNanoseconds()
  ) {
    self.settings = settings
    self.fleet = fleet
    self.membership = membership
    readyAtNanoseconds = settings.after.map { now + $0.wholeNanoseconds }
  }

  var isReady: Bool { report().isReady }

  /// Has one observer told, on whatever thread looks, when it has become ready or is no longer.
  func observe(_ observer: @escaping @Sendable () -> Void) {
    lock.withLock { self.observer = observer }
  }

  /// Looks at all sources, and remembers what came of it.
  func report(now: UInt64 = MonotonicClock.nowNanoseconds()) -> Report {
    let members = membership.members
    let sources = members.flatMap { member in
      member.sources.map { (name: "\(member.name):\($0.configuration.rank)", source: $0) }
    }
    let trusts = fleet.read { fleet in sources.map { fleet.trust(of: $0.source.id) } }
    let (report, observer) = lock.withLock {
      var report = take(Array(zip(sources, trusts)), now: now)
      if !report.isReady { report.reason = Self.reason(report, endpoints: members.count) }
      let hasChanged = report.isReady != lastReported
      lastReported = report.isReady
      return (report, hasChanged ? self.observer : nil)
    }
    observer?()
    return report
  }

  /// Under the lock.
  private func take(
    _ sources: [((name: String, source: FleetMembership.Subscribed), Trust?)], now: UInt64
  ) -> Report {
    var report = Report()
    var usable = 0
    var waitedFor = 0
    var down: [SourceID: UInt64] = [:]
    for ((name, source), trust) in sources {
      guard let trust else { continue }
      report.byTrust[trust.name, default: 0] += 1
      report.sources += 1
      if trust.credits { usable += 1 }
      if trust == .exact { report.exact += 1 }
      let since = trust == .connecting ? disconnectedSince[source.id] ?? now : now
      if trust == .connecting { down[source.id] = since }
      guard isWaitedFor(trust, source, since: since, now: now) else { continue }
      waitedFor += 1
      if trust != .exact { report.waiting.append(name) }
    }
    disconnectedSince = down
    wasReady = usable > 0 && (wasReady || isEnough(report, of: waitedFor))
    report.isReady = wasReady || readyAtNanoseconds.map { now >= $0 } ?? false
    return report
  }

  private static func reason(_ report: Report, endpoints: Int) -> String {
    if endpoints == 0 {
      return "there are no endpoints yet: none is configured, and none has registered itself"
    }
    if report.sources == 0 { return "no endpoint has KV events to follow" }
    if report.waiting.isEmpty { return "no source can be used; /v1/sources says why" }
    return "the sources named in 'waiting' are not exact yet; /v1/sources says why"
  }

  /// With a share every source counts but those that are down for good; without one those that are
  /// catching up.
  ///
  /// Without a replay endpoint a source learns nothing before its engine's next event; waiting for
  /// that would wait for traffic that waits for readiness.
  private func isWaitedFor(
    _ trust: Trust, _ source: FleetMembership.Subscribed, since: UInt64, now: UInt64
  ) -> Bool {
    guard settings.exactShare != nil else {
      return trust == .bootstrapping && source.configuration.replayAddress != nil
    }
    switch trust {
    case .dead: return false
    // Another thread may have noted a later time than this one asks at.
    case .connecting: return now < since &+ settings.connectLimit.wholeNanoseconds
    case .bootstrapping, .lagging, .exact, .degraded, .silent, .mismatched: return true
    }
  }

  private func isEnough(_ report: Report, of waitedFor: Int) -> Bool {
    guard let share = settings.exactShare else { return report.waiting.isEmpty }
    return Double(report.exact) >= share * Double(waitedFor)
  }
}
