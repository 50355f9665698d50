import KVIndexer

/// Whether the engine's events come, and can be fetched again.
extension Examination {
  /// Waits until every rank's socket is connected, and says which are not.
  ///
  /// - Returns: The places of those that are.
  func awaitConnections(_ watch: EventWatch) -> [Int] {
    let ranks = endpoint.sources.indices
    func isConnected(_ rank: Int) -> Bool { watch.facts(of: rank).peers > 0 }
    _ = watch.wait(until: deadline()) { ranks.allSatisfy(isConnected) }
    let connected = ranks.filter(isConnected)
    engine.isGone = engine.isGone && connected.isEmpty
    guard !engine.isGone else {
      skip(.events, Self.gone)
      return []
    }
    for index in ranks where !connected.contains(index) {
      let source = endpoint.sources[index]
      let problem = DoctorProblem.notConnected(
        source.eventAddress, isBound: source.isBound,
        isTaken: isTaken(source.eventAddress),
        announced: engine.announced[source.rank]?.endpoint
      ).of(rank: source.rank, in: ranks.count)
      // An indexer elsewhere may be connected all the same, or be what the engine connects to.
      add(witness == nil ? problem : problem.asWarning, to: .events)
    }
    return connected
  }

  /// Whether something listens at an address, whatever it is.
  private func isTaken(_ address: EventAddress) -> Bool {
    guard case .tcp(let host?, let port) = address else { return false }
    let trial = ConnectionTrial(host: host, port: port)
    _ = interruption.wait(for: trial.isDone, until: deadline())
    return trial.isTaken
  }

  /// Judges what came until now.
  func judgeEvents(_ watch: EventWatch) {
    for (index, source) in endpoint.sources.enumerated() {
      let facts = watch.facts(of: index)
      for problem in problems(facts, source, watch.status(of: index)) {
        add(problem.of(rank: source.rank, in: endpoint.sources.count), to: .events)
      }
      guard facts.peers > 0 else { continue }
      let rank = endpoint.sources.count > 1 ? "rank \(source.rank): " : ""
      note(rank + Self.text(facts), in: .events)
    }
  }

  private func problems(
    _ facts: StreamFacts, _ source: EventSourceConfiguration, _ status: SourceStatus?
  ) -> [DoctorProblem] {
    var found: [DoctorProblem] = []
    if facts.undecodableMessages + facts.malformedMessages > 0 {
      found.append(
        .undecodable(facts.undecodableMessages, malformed: facts.malformedMessages))
    }
    let counters = facts.counters
    if counters.skipped + counters.unknownTags + counters.unknownFields > 0 {
      found.append(
        .unknownParts(
          skipped: counters.skipped, tags: counters.unknownTags, fields: counters.unknownFields))
    }
    if !endpoint.topic.isEmpty, !facts.topics.isEmpty,
      !facts.topics.contains(where: { $0.hasPrefix(endpoint.topic) })
    {
      found.append(.otherTopic(configured: endpoint.topic, seen: facts.topics))
    }
    for topic in facts.topics where namesOther(topic) {
      found.append(.namesOther(topic: topic, address: endpoint.authority))
    }
    if let configured = endpoint.blockSize, let learnt = status?.blockSize, configured != learnt {
      found.append(.otherBlockSize(configured: configured, learnt: learnt))
    }
    if let trust = status?.trust, case .mismatched = trust { found.append(.mismatched(trust)) }
    if let shape = facts.shape, let problem = oldFormat(shape) { found.append(problem) }
    return found
  }

  /// Whether a topic `kv@HOST:PORT@MODEL` is that of another port or model.
  ///
  /// The host says nothing: engines name themselves as they see themselves.
  private func namesOther(_ topic: String) -> Bool {
    let parts = topic.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count >= 3, parts[0] == "kv", let colon = parts[1].lastIndex(of: ":"),
      let port = UInt16(parts[1][parts[1].index(after: colon)...])
    else { return false }
    return port != endpoint.port
  }

  /// Maps leave `extra_keys` out where there are none; the salted prompt shows whether they come.
  private func oldFormat(_ shape: EventShape) -> DoctorProblem? {
    guard shape.event == .array else { return nil }
    var missing: [String] = []
    if !shape.hasExtraKeys { missing.append("extra_keys") }
    if !shape.hasLoRAName { missing.append("lora_name") }
    if !shape.hasGroup { missing.append("group_idx") }
    guard !missing.isEmpty else { return nil }
    return .oldFormat(missing: missing)
  }

  private static func text(_ facts: StreamFacts) -> String {
    guard let shape = facts.shape else { return "connected; \(facts.messages) messages" }
    let encoding = shape.event == .map ? "maps" : "arrays"
    let hashes = shape.hasByteHashes ? "whole digests" : "64-bit integers"
    return "\(facts.messages) messages; events are \(encoding), hashes \(hashes)"
  }

  // MARK: Replay

  /// Said once, not of every port.
  private static let gone = "nothing of this engine answers"

  /// Asks each rank for everything that its ring still has.
  func examineReplays(_ watch: EventWatch?) {
    guard !engine.isGone else { return skip(.replay, Self.gone) }
    guard !endpoint.sources.isEmpty else {
      return skip(.replay, "no `kvEvents` are configured")
    }
    for (index, source) in endpoint.sources.enumerated() {
      let announced = engine.announced[source.rank]?.replayEndpoint
      guard let address = source.replayAddress else {
        add(
          .noReplay(announced: announced, address: source.eventAddress)
            .of(rank: source.rank, in: endpoint.sources.count), to: .replay)
        continue
      }
      for problem in examineReplay(
        address, announced, published: watch?.facts(of: index).digests ?? [:])
      {
        let ranked = problem.of(rank: source.rank, in: endpoint.sources.count)
        add(witness == nil ? ranked : ranked.asWarning, to: .replay)
      }
    }
  }

  private func examineReplay(
    _ address: EventAddress, _ announced: String?, published: [UInt64: PayloadDigest]
  ) -> [DoctorProblem] {
    let trial: ReplayTrial
    do throws(ZMQError) {
      trial = try ReplayTrial(
        address, published: published, until: deadline(), interruption: interruption)
    } catch {
      return [.replaySilent(address, announced: announced)]
    }
    if trial.malformedMessages > 0 { return [.replayGarbage(trial.malformedMessages)] }
    guard trial.hasEnded else {
      return trial.batches == 0
        ? [.replaySilent(address, announced: announced)] : [.replayUnended(trial.batches)]
    }
    note(
      "\(trial.batches) messages from \(trial.start ?? 0)"
        + (trial.batches > 0 && !trial.hasTopic ? ", without topics" : ""), in: .replay)
    var problems: [DoctorProblem] = []
    // A ring that has nothing of what was just published belongs to somebody else.
    let foreign = trial.batches == 0 ? published.count : trial.differing
    if foreign > 0 { problems.append(.replayForeign(foreign)) }
    if trial.hasHole || (trial.start ?? 0) > 0 {
      problems.append(.replayIncomplete(start: trial.start, hasHole: trial.hasHole))
    }
    return problems
  }
}
