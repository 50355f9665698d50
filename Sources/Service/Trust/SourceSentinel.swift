import KVIndexer

/// Looks once a second for what sources' events can't tell of themselves, and acts on it.
///
/// An engine that fills blocks and announces none is silent; one that started anew without a trace
/// in its stream is suspected; one that is gone for long is dead, and what it held is dropped; one
/// that serves another model than it is configured for is mismatched.
package final class SourceSentinel: @unchecked Sendable {
  /// Where the limits are.
  package struct Settings: Sendable, Equatable {
    /// How long a connection is down until what the engine held is forgotten.
    package var deadAfter = Duration.seconds(300)
    /// How long an engine that has filled blocks may take to announce one.
    package var silentAfter = Duration.seconds(5)
    /// The time between two looks.
    package var interval = Duration.seconds(1)

    package init() {}
  }

  /// What is remembered of a source from look to look.
  private struct Memory {
    var restart = RestartDetector()
    /// Since when it is followed and was never connected.
    var awaitedSince: UInt64
    var isAdvised = false
    var isContradictionTold = false
  }

  /// A source with what its stream is like.
  private struct Watched {
    var source: FleetMembership.Subscribed
    var stream: SubscriptionSnapshot
    var trust: Trust

    var isConnected: Bool {
      switch stream.state {
      case .bootstrapping, .live: true
      case .connecting, .disconnected: false
      }
    }
  }

  private let settings: Settings
  private let intake: EventIntake
  private let membership: FleetMembership
  private let engines: FleetEngines
  private let servedModels: ServedModels

  // Of the thread that ticks:
  private var nextAt: UInt64 = 0
  private var memories: [SourceID: Memory] = [:]
  private var silences: [String: SilenceDetector] = [:]

  init(
    _ settings: Settings, intake: EventIntake, membership: FleetMembership, engines: FleetEngines,
    servedModels: ServedModels
  ) {
    self.settings = settings
    self.intake = intake
    self.membership = membership
    self.engines = engines
    self.servedModels = servedModels
  }

  private var fleet: SharedFleet { intake.fleet }

  /// Looks at all sources if it is time; always called by the same thread.
  func tick(now: UInt64) {
    guard now >= nextAt else { return }
    nextAt = now &+ settings.interval.wholeNanoseconds
    let members = membership.members
    let ids = Set(members.flatMap { $0.sources.map(\.id) })
    memories = memories.filter { ids.contains($0.key) }
    let names = Set(members.map(\.name))
    silences = silences.filter { names.contains($0.key) }
    for member in members { look(at: member, now: now) }
  }

  private func look(at member: FleetMembership.Member, now: UInt64) {
    let watched = member.sources.compactMap { source -> Watched? in
      guard let stream = intake.subscriptions.snapshot(of: source.id),
        let trust = fleet.read({ $0.trust(of: source.id) })
      else { return nil }
      return Watched(source: source, stream: stream, trust: trust)
    }
    let engine = engines.snapshot(ofEndpoint: member.name)
    lookForSilence(member, watched, engine, now: now)
    let contradiction = servedModels.contradiction(at: member.name, model: member.model)
    for watched in watched {
      if let contradiction {
        intake.trustLog.explain(watched.source.id, contradiction: contradiction)
      }
      settle(.mismatched(.model), contradiction != nil, of: watched.source.id)
      lookForRestart(watched, engine, now: now)
      lookForEnd(watched, now: now)
      advise(member, watched, engine, now: now)
      if member.configuration.blockSize != nil { tellContradiction(watched) }
      intake.trustLog.note(watched.source.id, lasts: true, now: now)
    }
  }

  /// Records a finding or takes it back; another one that stands is left alone.
  private func settle(_ finding: Trust.Finding, _ holds: Bool, of source: SourceID) {
    let known = fleet.read { $0.finding(of: source) }
    if holds, known == nil {
      fleet.write { $0.setFinding(finding, of: source) }
    } else if !holds, known == finding {
      fleet.write { $0.setFinding(nil, of: source) }
    }
  }

  // MARK: What is looked for

  /// Metrics are of all ranks together, so an endpoint is silent as a whole or not at all.
  private func lookForSilence(
    _ member: FleetMembership.Member, _ watched: [Watched], _ engine: EngineSnapshot?, now: UInt64
  ) {
    let isSilent = isSilent(member, watched, engine, now: now)
    // An event takes it back at once; this is for the one that came while we looked.
    for entry in watched { settle(.silent, isSilent, of: entry.source.id) }
  }

  private func isSilent(
    _ member: FleetMembership.Member, _ watched: [Watched], _ engine: EngineSnapshot?, now: UInt64
  ) -> Bool {
    var detector = silences[member.name] ?? SilenceDetector(patience: settings.silentAfter)
    defer { silences[member.name] = detector }
    guard let engine, let readAt = engine.readAt, !watched.isEmpty,
      watched.allSatisfy(\.isConnected)
    else {
      detector.reset()
      return false
    }
    let learnt = watched.compactMap { entry in
      fleet.read { $0.status(of: entry.source.id)?.blockSize }
    }
    let sizes =
      learnt + [engine.report.blockSize, member.configuration.blockSize].compactMap(\.self)
    guard let blockSize = sizes.max() else {
      detector.reset()
      return false
    }
    let sight = SilenceDetector.Sight(
      readAt: readAt, report: engine.report,
      eventAt: watched.compactMap(\.stream.counters.lastReceivedNanoseconds).max(),
      blockSize: blockSize)
    return detector.isSilent(sight, now: now)
  }

  private func lookForRestart(_ watched: Watched, _ engine: EngineSnapshot?, now: UInt64) {
    let id = watched.source.id
    let mark = RestartDetector.Mark(
      incarnation: watched.stream.incarnation, connections: watched.stream.counters.connections)
    let suspects = memories[id, default: Memory(awaitedSince: now)].restart.suspects(
      startTime: engine?.report.startTime, readAt: engine?.readAt, mark)
    guard suspects, watched.isConnected else { return }
    intake.trustLog.say(
      .warning, of: id, now: now,
      "the engine's metrics tell of a new process, its events do not: it has to prove what it holds"
    )
    intake.subscriptions.suspect(id, mark.incarnation)
  }

  /// Drops what an engine held that is gone for long; it is followed anew when it comes back.
  private func lookForEnd(_ watched: Watched, now: UInt64) {
    let id = watched.source.id
    let since: UInt64
    switch watched.stream.state {
    case .disconnected(let sinceNanoseconds): since = sinceNanoseconds
    // It may hold what an earlier life of this process knew.
    case .connecting: since = memories[id]?.awaitedSince ?? now
    case .bootstrapping, .live: return
    }
    guard watched.trust != .dead, now >= since &+ settings.deadAfter.wholeNanoseconds,
      fleet.write({ $0.declareDead(id) })
    else { return }
    intake.subscriptions.resync(id, .abandoned)
  }

  /// Says why a source may never have been connected, once.
  private func advise(
    _ member: FleetMembership.Member, _ watched: Watched, _ engine: EngineSnapshot?, now: UInt64
  ) {
    let id = watched.source.id
    guard let memory = memories[id], !memory.isAdvised,
      now >= memory.awaitedSince &+ settings.silentAfter.wholeNanoseconds,
      let advice = ConnectionAdvice.text(watched.source, watched.stream, engine)
    else { return }
    memories[id]?.isAdvised = true
    intake.trustLog.say(.warning, of: id, now: now, advice)
  }

  /// Says once that the configured block size is not the engine's.
  private func tellContradiction(_ watched: Watched) {
    let id = watched.source.id
    guard memories[id]?.isContradictionTold == false,
      let text = fleet.read({ $0.status(of: id) })?.contradiction
    else { return }
    memories[id]?.isContradictionTold = true
    intake.trustLog.say(.warning, of: id, text)
  }
}
