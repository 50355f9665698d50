import Testing

@testable import Simulation

/// Real vLLM servers, repeated request by request: the simulated engine must do the same.
@Suite struct RecordingReplayTests {
  @Test(arguments: [
    "short_prompt", "exact_block", "multi_block", "shared_prefix", "generation", "multi_turn",
    "cache_salt", "prompt_logprobs", "reset", "lora", "connect_basic",
  ])
  func `An engine with room for all repeats a recorded server step by step`(
    scenario: String
  ) throws {
    // "lora" and "connect_basic" ran with vLLM's own budget, which none of their prompts reaches.
    let configuration = EngineConfiguration(
      blockCount: 256, modelTokensMax: 2048, batchedTokensMax: 512, runningRequestsMax: 16)
    var replay = try SequentialReplay(configuration)
    try replay.play(Recording(scenario))
  }

  @Test(arguments: [32, 128])
  func `An engine with larger blocks repeats a recorded server`(blockSize: Int) throws {
    let configuration = EngineConfiguration(
      blockCount: 256, blockSize: blockSize, modelTokensMax: 2048, runningRequestsMax: 16)
    var replay = try SequentialReplay(configuration)
    try replay.play(Recording("block\(blockSize)_basic"))
  }

  @Test func `An engine with 32 blocks evicts the same copies in the same order`() throws {
    let configuration = EngineConfiguration(
      blockCount: 33, modelTokensMax: 512, runningRequestsMax: 16)
    var replay = try SequentialReplay(configuration)
    try replay.play(Recording("eviction"))
    try replay.play(Recording("duplicate_evict"))
  }

  @Test(arguments: [8000, 8001])
  func `An engine with 127 blocks repeats a long mixed workload`(server: Int) throws {
    let configuration = EngineConfiguration(
      blockCount: 128, modelTokensMax: 1024, runningRequestsMax: 16)
    var replay = try SequentialReplay(configuration)
    try replay.play(Recording("truth", server: server))
  }
}

/// A simulated engine that plays recorded requests one after the other.
private struct SequentialReplay {
  private var engine: SimulatedEngine
  private var renaming = HashRenaming()

  init(_ configuration: EngineConfiguration) throws {
    engine = try SimulatedEngine(configuration)
  }

  /// Compares every request of a recording with what the simulated engine makes of it.
  mutating func play(_ recording: Recording) throws {
    try #require(!recording.requests.isEmpty)
    var compared = 0
    for recorded in recording.requests {
      let label = "\(recorded.id): \(recorded.label)"
      let before = engine.counters
      let batches = try run(recorded, label)
      let expected = recording.batches(of: recorded)
      #expect(batches.count == expected.count, "batches of \(label)")
      for (simulated, real) in zip(batches, expected) {
        compared += 1
        try #require(simulated.count == real.events.count, "batch \(real.sequence) of \(label)")
        for (ours, theirs) in zip(simulated, real.events) {
          let equal = renaming.matches(ours, theirs)
          try #require(equal, "batch \(real.sequence) of \(label): \(ours), \(theirs)")
        }
      }
      let metrics = recorded.metrics
      let after = engine.counters
      #expect(
        after.prefixCacheQueries - before.prefixCacheQueries
          == metrics.after.queries - metrics.before.queries, "queries of \(label)")
      #expect(
        after.prefixCacheHits - before.prefixCacheHits == metrics.after.hits - metrics.before.hits,
        "hits of \(label)")
    }
    #expect(compared == recording.batches.count)
  }

  /// The batches of one request, which must find as much cached as on the real server.
  private mutating func run(_ recorded: RecordedRequest, _ label: String) throws -> [[BlockEvent]] {
    guard let request = try recorded.engineRequest() else {
      let isReset = engine.resetPrefixCache()
      #expect(isReset, "\(label)")
      return []
    }
    _ = try engine.submit(request, now: .zero)
    var batches: [[BlockEvent]] = []
    var finished: [FinishedRequest] = []
    while !engine.isIdle {
      let step = engine.step(now: .zero)
      if !step.events.isEmpty { batches.append(step.events) }
      finished += step.finished
      engine.checkInvariants()
    }
    #expect(finished.map(\.cachedTokens) == [recorded.cachedTokens], "cached tokens of \(label)")
    #expect(finished.map(\.output) == [recorded.outputTokenIds], "output of \(label)")
    return batches
  }
}
