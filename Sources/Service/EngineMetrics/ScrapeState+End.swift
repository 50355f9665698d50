/// How reads end.
extension ScrapeState {
  /// Ends a read.
  mutating func end(_ job: Job, _ outcome: Outcome, at now: UInt64) -> [Notice] {
    guard var member = members[job.target.id], member.generation == job.generation else {
      return []
    }
    let took = now > job.startedAt ? now - job.startedAt : 0
    member.isReading = false
    member.endedAt = now
    var notices: [Notice] = []
    let pause: UInt64
    switch outcome {
    case .page(let report) where report.seriesCount > 0:
      metrics.reads[.read].add()
      metrics.faultySeries.add(report.faultCount)
      pause = take(report, took, &member, &notices, at: now)
    case .page(let report):
      metrics.reads[.noSeries].add()
      metrics.faultySeries.add(report.faultCount)
      complain(
        "has none of the series of an engine of the kind '\(member.target.engine.name)'",
        &member, &notices)
      judge(.answered, nil, &member, &notices)
      pause = member.pace.longPause
    case .status(let status):
      metrics.reads[.refused].add()
      pause = take(status: status, &member, &notices)
    case .failed(let error):
      pause = take(error, &member, &notices)
    }
    // A read that was under way when somebody saw a sign of failure disproves nothing.
    if !member.isHastened { member.reading.update { $0.isSuspected = false } }
    schedule(&member, at: member.isHastened ? now + member.pace.shortPause : now + pause)
    member.isHastened = false
    members[job.target.id] = member
    return notices
  }

  private func take(
    _ report: EngineReport, _ took: UInt64, _ member: inout Member, _ notices: inout [Notice],
    at now: UInt64
  ) -> UInt64 {
    metrics.latency.observe(Double(took) / 1e9)
    judge(.answered, nil, &member, &notices)
    member.complaint = nil
    let isBusy = member.inFlight > 0 || member.reading.snapshot.report != report
    let pause = member.pace.pause(after: took, isBusy: isBusy)
    let staleAfter = max(settings.staleAfter.wholeNanoseconds, 3 * (pause + took))
    member.reading.update { snapshot in
      snapshot.report = report
      snapshot.readAt = now
      snapshot.staleAt = now + staleAfter
    }
    return pause
  }

  private func take(
    status: Int, _ member: inout Member, _ notices: inout [Notice]
  ) -> UInt64 {
    // A proxy that stands before an engine says with these that the engine is not there.
    guard !(502...504).contains(status) else {
      judge(.unreachable, "status \(status)", &member, &notices)
      return member.pace.pause(afterFailures: member.health.failures)
    }
    complain("are refused with status \(status)", &member, &notices)
    judge(.answered, nil, &member, &notices)
    return member.pace.longPause
  }

  private func take(
    _ error: HTTPClientError, _ member: inout Member, _ notices: inout [Notice]
  ) -> UInt64 {
    switch error.kind {
    case .connect, .transfer:
      metrics.reads[.unreachable].add()
      judge(.unreachable, error.message, &member, &notices)
      return member.pace.pause(afterFailures: member.health.failures)
    case .timedOut:
      metrics.reads[.timedOut].add()
      judge(.timedOut, error.message, &member, &notices)
      return member.pace.pause(afterFailures: member.health.failures)
    case .tooLarge:
      metrics.reads[.refused].add()
      complain("can't be read: \(error.message)", &member, &notices)
      judge(.answered, nil, &member, &notices)
    case .untrusted, .badURL, .badHeader:
      metrics.reads[.abandoned].add()
      complain("can't be read: \(error.message)", &member, &notices)
    case .overloaded, .stopped:
      metrics.reads[.abandoned].add()
    }
    return member.pace.longPause
  }

  private func judge(
    _ evidence: HealthTracker.Evidence, _ message: String?, _ member: inout Member,
    _ notices: inout [Notice]
  ) {
    let before = member.health.health
    guard member.health.take(evidence) else { return }
    let health = member.health.health
    member.reading.update { $0.health = health }
    switch (before, health) {
    case (_, .down):
      notices.append(
        Notice(level: .warning, text: "endpoint \(member.target.id) is down: \(message ?? "")"))
    case (.down, _):
      notices.append(Notice(level: .info, text: "endpoint \(member.target.id) is up again"))
    default: break
    }
  }

  private func complain(_ text: String, _ member: inout Member, _ notices: inout [Notice]) {
    guard member.complaint != text else { return }
    member.complaint = text
    notices.append(
      Notice(
        level: .warning,
        text: "the metrics of endpoint \(member.target.id) at \(member.target.description) "
          + "\(text); its load is unknown"))
  }
}
