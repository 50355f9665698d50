import Testing

@testable import Simulation

/// A simulated engine that plays recorded requests and is compared with the recorded engine.
struct RecordingReplay {
  private var engine: SimulatedEngine
  private var renaming = HashRenaming()

  init(_ configuration: EngineConfiguration) throws {
    engine = try SimulatedEngine(configuration)
  }

  /// Plays requests that were sent one after the other.
  mutating func play(_ recording: Recording) throws {
    try play(recording, bursts: recording.requests.map { [[$0.id]] })
  }

  /// Plays bursts of requests, each after the one before is done.
  ///
  /// - Parameter bursts: Request ids, one list for every step in which requests of the burst
  ///   arrived: the transcript can't tell, the recorded batches do.
  mutating func play(_ recording: Recording, bursts: [[[Int]]]) throws {
    #expect(bursts.joined().joined().sorted() == recording.requests.map(\.id).sorted())
    var compared = 0
    for burst in bursts {
      let arrivals = burst.map { ids in ids.map { id in recording.request(id) } }
      let first = try #require(arrivals.first?.first)
      let label = "\(first.id): \(first.label)"
      let before = engine.counters
      let batches = try run(arrivals, label)
      let expected = recording.batches(of: first)
      #expect(batches.count == expected.count, "batches of \(label)")
      try compare(batches, expected, label)
      expectGrowth(from: before, as: first.metrics, label)
      compared += expected.count
    }
    #expect(compared == recording.batches.count)
  }

  private mutating func compare(
    _ batches: [[BlockEvent]], _ expected: [RecordedBatch], _ label: String
  ) throws {
    for (simulated, real) in zip(batches, expected) {
      try #require(simulated.count == real.events.count, "batch \(real.sequence) of \(label)")
      for (ours, theirs) in zip(simulated, real.events) {
        let equal = renaming.matches(ours, theirs)
        try #require(equal, "batch \(real.sequence) of \(label): \(ours), \(theirs)")
      }
    }
  }

  private func expectGrowth(
    from before: EngineCounters, as metrics: RecordedRequest.Metrics, _ label: String
  ) {
    let after = engine.counters
    #expect(
      after.prefixCacheQueries - before.prefixCacheQueries
        == metrics.after.queries - metrics.before.queries, "queries of \(label)")
    #expect(
      after.prefixCacheHits - before.prefixCacheHits == metrics.after.hits - metrics.before.hits,
      "hits of \(label)")
    #expect(
      after.preemptions - before.preemptions
        == metrics.after.preemptions - metrics.before.preemptions, "preemptions of \(label)")
  }

  /// The batches of one burst, whose requests must find as much cached as on the real server.
  private mutating func run(
    _ arrivals: [[RecordedRequest]], _ label: String
  ) throws -> [[BlockEvent]] {
    var remaining = arrivals[...]
    var sent: [EngineRequestID: RecordedRequest] = [:]
    var batches: [[BlockEvent]] = []
    while !remaining.isEmpty || !engine.isIdle {
      for recorded in remaining.popFirst() ?? [] {
        if let request = try recorded.engineRequest() {
          sent[try engine.submit(request, now: .zero)] = recorded
        } else {
          let isReset = engine.resetPrefixCache()
          #expect(isReset, "\(label)")
        }
      }
      let step = engine.step(now: .zero)
      if !step.events.isEmpty { batches.append(step.events) }
      for finished in step.finished {
        let removed = sent.removeValue(forKey: finished.id)
        let recorded = try #require(removed)
        #expect(finished.cachedTokens == recorded.cachedTokens, "cached tokens of \(recorded.id)")
        #expect(finished.output == recorded.outputTokenIds, "output of \(recorded.id)")
      }
      engine.checkInvariants()
    }
    #expect(sent.isEmpty, "\(label)")
    return batches
  }
}
