import KVIndexer

/// What follows from a finding.
extension SourceAuditor {
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
      finding, source, member, audited,
      consequence(of: finding, isRepeated: isRepeated, seconds: seconds))
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

  /// Learns anew what a source holds, if that is wanted and its pause is over.
  func resyncIfDue(
    _ source: FleetMembership.Subscribed, _ member: FleetMembership.Member,
    _ audited: AuditedSource, _ now: UInt64
  ) {
    guard mode == .resync else { return }
    let reason = change(source, member, audited) { watched -> AuditFinding? in
      guard let reason = watched.resyncWanted, watched.pause.isOver(now: now) else { return nil }
      watched.resyncWanted = nil
      watched.lostSince = nil
      watched.pause.begin(now: now)
      watched.resyncs += 1
      return reason
    }
    guard let reason else { return }
    resyncs.add()
    subscriptions.resync(source.id, reason == .eventsLost ? .requested : .drifted)
  }

  /// Counts a finding, remembers it, and says it in the log.
  ///
  /// - Parameter consequence: What follows from it.
  func tell(
    _ finding: AuditFinding, _ source: FleetMembership.Subscribed,
    _ member: FleetMembership.Member, _ audited: AuditedSource, _ consequence: String = ""
  ) {
    findings[finding].add()
    change(source, member, audited) {
      $0.note = AuditNote(finding: finding, time: WallClock.seconds())
    }
    log(
      finding.isFault ? .warning : .info,
      "\(member.name) rank \(source.configuration.rank): \(finding.sentence)\(consequence)")
  }
}
