import EPPScorer

/// Whether the engine is there, and what it says of itself.
extension Examination {
  /// - Returns: Why its HTTP API can't be used; nil when it can.
  func reach() -> String? {
    guard resolves() else { return "the host name has no address" }
    switch calls.get(server, "/v1/models") {
    case .failure(let error):
      // What is no status line is an unsupported protocol to libcurl.
      let isThere = error.kind == .transfer || error.kind == .badURL
      let problem =
        isThere
        ? DoctorProblem.notHTTP(endpoint.authority, error)
        : DoctorProblem.unreachable(endpoint.authority, error)
      // An indexer elsewhere may reach it all the same.
      add(witness == nil ? problem : problem.asWarning, to: .reach)
      engine.isGone = !isThere
      return isThere ? "no engine answers" : "the engine does not answer"
    case .success(let reply) where reply.status == 401:
      add(.unauthorized(hasKey: settings.engineSecurity.bearerToken != nil), to: .reach)
      return "the engine asks for an API key"
    case .success(let reply):
      guard reply.status == 200,
        let models = EngineAnswers.read(EngineAnswers.Models.self, reply.body)
      else {
        add(.notAnEngine(reply.status, EngineAnswers.message(reply.body)), to: .reach)
        return "no engine answers"
      }
      engine.models = models.data
      checkModel(ServedModels.list(in: reply.body) ?? ServedModels.List())
    }
    readVersion()
    readMetrics()
    askForSleep()
    return nil
  }

  /// Looks the name up on a thread of its own, because the system's resolver has its own patience.
  private func resolves() -> Bool {
    let host = endpoint.address
    guard host.kind == .name else { return true }
    let lookup = NameLookup(host.text)
    guard interruption.wait(for: lookup.isDone, until: deadline()) else {
      add(.unresolved(host, "no answer in time"), to: .reach)
      return false
    }
    if case .failure(let failure) = lookup.result {
      add(.unresolved(host, failure.description), to: .reach)
      return false
    }
    return true
  }

  private func readVersion() {
    if case .success(let reply) = calls.get(server, "/health"), reply.status >= 500 {
      add(.unhealthy(reply.status), to: .reach)
    }
    guard case .success(let reply) = calls.get(server, "/version"), reply.status == 200,
      let answer = EngineAnswers.read(EngineAnswers.Version.self, reply.body)
    else { return note("an engine of unknown version", in: .reach) }
    engine.version = answer.version
    note("version \(answer.version)", in: .reach)
  }

  private func checkModel(_ list: ServedModels.List) {
    if let configured = endpoint.model, !list.serves(configured) {
      engine.isOfOtherModel = true
      add(.otherModel(configured: configured, list), to: .reach)
    } else {
      note("serves \(engine.models.map(\.id).joined(separator: ", "))", in: .reach)
    }
  }

  private func readMetrics() {
    guard case .success(let reply) = calls.get(server, "/metrics"), reply.status == 200 else {
      return
    }
    let series = CoreMetricsExtractor().engine(labels: endpoint.labels)
    let report = EngineMetricsReader(series).read(reply.body)
    engine.blockSize = report.blockSize
    engine.isAsleep = report.isSleeping ?? false
    if reply.text.contains(#"enable_prefix_caching="False""#) { add(.prefixCachingOff, to: .reach) }
  }

  /// Metrics tell of sleep alone; vLLM in its development mode also of a pause.
  private func askForSleep() {
    if !engine.isAsleep, case .success(let reply) = calls.get(server, "/is_sleeping"),
      let answer = EngineAnswers.read(EngineAnswers.Sleep.self, reply.body)
    {
      engine.isAsleep = answer.isSleeping
    }
    if engine.isAsleep { add(.asleep, to: .reach) }
  }

  // MARK: /kv_event_sources

  func readAnnounced() {
    guard case .success(let reply) = calls.get(server, "/kv_event_sources"), reply.status == 200,
      let sources = EngineAnswers.read([String: EngineAnswers.EventSource].self, reply.body)
    else { return skip(.announced, "the engine does not tell (vLLM before 0.31)") }
    for (rank, source) in sources {
      if let rank = Int(rank) { engine.announced[rank] = source }
    }
    guard !engine.announced.isEmpty else {
      return add(.eventsDisabled(publisher: nil), to: .announced)
    }
    guard !endpoint.sources.isEmpty else {
      return skip(.announced, "no `kvEvents` are configured")
    }
    if engine.announced.count != endpoint.sources.count {
      add(
        .otherRanks(configured: endpoint.sources.count, announced: engine.announced.count),
        to: .announced)
    }
    for source in endpoint.sources {
      if let announced = engine.announced[source.rank] { compare(source, announced) }
    }
  }

  private func compare(_ source: EventSourceConfiguration, _ announced: EngineAnswers.EventSource) {
    guard announced.enableKvCacheEvents != false else {
      return add(.eventsDisabled(publisher: nil), to: .announced)
    }
    if let publisher = announced.publisher, publisher != "zmq" {
      return add(.eventsDisabled(publisher: publisher), to: .announced)
    }
    compare("endpoint", source.rank, source.eventAddress, announced.endpoint)
    if let replay = source.replayAddress {
      compare("replayEndpoint", source.rank, replay, announced.replayEndpoint)
    }
    if let steps = announced.bufferSteps, steps < Self.bufferStepsMin, source.rank == 0 {
      add(.smallRing(steps), to: .announced)
    }
    if source.rank == 0, let text = announced.endpoint { note("events at \(text)", in: .announced) }
  }

  /// A minute of an engine that steps fifty times a second with some event in a third of them.
  private static let bufferStepsMin = 1000

  /// Only ports can be compared: an engine spells its own host `*`, or as it sees itself.
  private func compare(
    _ field: String, _ rank: Int, _ configured: EventAddress, _ announced: String?
  ) {
    guard let announced, case .tcp(_, let port) = configured,
      case .tcp(_, let other)? = EventAddress(announced), port != other
    else { return }
    add(
      .otherPort(field, rank: rank, configured: configured, announced: announced), to: .announced)
  }
}

/// A host name that is being looked up.
private final class NameLookup: @unchecked Sendable {
  let isDone = WakeUp()
  private let lock = Lock()
  private var found: Result<[String], HostLookup.Failure>?

  init(_ name: String) {
    WorkerThread(name: "doctor names") { [self] in
      let result = HostLookup.addresses(of: name)
      lock.withLock { found = result }
      isDone.signal()
    }.detach()
  }

  var result: Result<[String], HostLookup.Failure>? { lock.withLock { found } }
}
