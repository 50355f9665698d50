import KVIndexer
import Testing

@testable import Simulation

@Suite struct SimulatedEngineTests {
  private static func prompt(_ count: Int, from first: TokenID = 0) -> [TokenID] {
    (0..<TokenID(count)).map { first + $0 }
  }

  /// Runs one request to its end, alone.
  private static func run(
    _ engine: inout SimulatedEngine, _ request: EngineRequest
  ) throws -> (result: FinishedRequest, batches: [[BlockEvent]]) {
    _ = try engine.submit(request, now: .zero)
    var batches: [[BlockEvent]] = []
    var finished: [FinishedRequest] = []
    while !engine.isIdle {
      let step = engine.step(now: .zero)
      if !step.events.isEmpty { batches.append(step.events) }
      finished += step.finished
    }
    return (try #require(finished.first), batches)
  }

  @Test(arguments: [1, 15, 16, 17, 32, 33, 100])
  func `A repeated prompt hits its full blocks but never its last token`(length: Int) throws {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64))
    let request = EngineRequest(tokens: Self.prompt(length), output: .sampled(1))
    let cold = try Self.run(&engine, request)
    let warm = try Self.run(&engine, request)
    #expect(cold.result.cachedTokens == 0)
    #expect(warm.result.cachedTokens == (length - 1) / 16 * 16)
    #expect(warm.result.output == cold.result.output)
  }

  @Test func `A long prompt is computed in chunks that chain`() throws {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64, batchedTokensMax: 40))
    let prompt = Self.prompt(100)
    let batches = try Self.run(
      &engine, EngineRequest(tokens: prompt, output: .sampled(1))
    ).batches
    var parents: [UInt64?] = [nil]
    var tokens: [TokenID] = []
    for batch in batches {
      guard case .stored(let blocks)? = batch.first else { continue }
      #expect(batch.count == 1 && blocks.parent == parents.last)
      parents.append(blocks.hashes.last)
      tokens += blocks.tokens
    }
    #expect(batches.count == 3)
    #expect(tokens == Array(prompt.prefix(96)))
  }

  @Test func `The budget of a step is shared, running requests first`() throws {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64, batchedTokensMax: 50))
    _ = try engine.submit(
      EngineRequest(tokens: Self.prompt(40), output: .sampled(3)), now: .zero)
    _ = try engine.submit(
      EngineRequest(tokens: Self.prompt(40, from: 500), output: .sampled(3)), now: .zero)
    #expect(engine.counters.requestsWaiting == 2)
    let first = engine.step(now: .seconds(1))
    #expect(first.scheduledTokens == 50 && first.scheduledRequests == 2)
    #expect(first.sampled.map(\.index) == [0] && first.time == .seconds(1))
    let second = engine.step(now: .seconds(2))
    #expect(second.scheduledTokens == 1 + 30)
    #expect(second.sampled.map(\.index) == [1, 0])
    #expect(engine.counters.requestsRunning == 2 && engine.counters.requestsWaiting == 0)
    #expect(engine.counters.cacheUsage == 6.0 / 63)
  }

  @Test func `No more requests run than the engine has seats`() throws {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64, runningRequestsMax: 2))
    for index in 0..<5 {
      _ = try engine.submit(
        EngineRequest(tokens: Self.prompt(20, from: TokenID(100 * index)), output: .sampled(2)),
        now: .zero)
    }
    var finished: [EngineRequestID] = []
    while !engine.isIdle {
      finished += engine.step(now: .zero).finished.map(\.id)
      #expect(engine.counters.requestsRunning <= 2)
    }
    #expect(finished.map(\.number) == [0, 1, 2, 3, 4])
  }

  @Test func `A reset is refused while blocks are in use and announced with the next step`() throws
  {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64))
    let request = EngineRequest(tokens: Self.prompt(40), output: .sampled(2))
    _ = try engine.submit(request, now: .zero)
    _ = engine.step(now: .zero)
    let early = engine.resetPrefixCache()
    _ = engine.step(now: .zero)
    let late = engine.resetPrefixCache()
    #expect(!early && late)
    let idle = engine.step(now: .zero)
    #expect(idle.events.isEmpty)
    let after = try Self.run(&engine, request)
    #expect(after.result.cachedTokens == 0)
    #expect(after.batches.first?.first == .cleared)
    #expect(after.batches.first?.count == 2)
  }

  @Test func `Engines agree on hashes exactly when their seeds do, and always on answers`() throws {
    let request = EngineRequest(tokens: Self.prompt(64), output: .sampled(40))
    var results: [(result: FinishedRequest, batches: [[BlockEvent]])] = []
    for seed: UInt64 in [1, 1, 2] {
      var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64, hashSeed: seed))
      results.append(try Self.run(&engine, request))
    }
    #expect(results[0].batches == results[1].batches)
    #expect(results[0].result.output == results[2].result.output)
    let one = Set(results[0].batches.joined().flatMap(\.storedHashes))
    let other = Set(results[2].batches.joined().flatMap(\.storedHashes))
    #expect(one.count == 6 && other.count == 6 && one.isDisjoint(with: other))
  }

  @Test func `Adapters and salts keep equal prompts apart`() throws {
    var engine = try SimulatedEngine(EngineConfiguration(blockCount: 64))
    let adapters = [nil, LoRAAdapter(name: "x", id: 1), LoRAAdapter(name: "y", id: 2)]
    var hashes: Set<UInt64> = []
    for adapter in adapters {
      for salt in [nil, "x", "y"] {
        let result = try Self.run(
          &engine,
          EngineRequest(
            tokens: Self.prompt(40), output: .sampled(1), adapter: adapter, cacheSalt: salt))
        #expect(result.result.cachedTokens == 0)
        hashes.formUnion(result.batches.joined().flatMap(\.storedHashes))
      }
    }
    #expect(hashes.count == 18)
  }

  @Test func `Requests that can't run are refused and change nothing`() throws {
    var engine = try SimulatedEngine(
      EngineConfiguration(blockCount: 8, modelTokensMax: 64, waitingRequestsMax: 1))
    func submit(_ tokens: Int, _ output: Int) throws {
      _ = try engine.submit(
        EngineRequest(tokens: Self.prompt(tokens), output: .sampled(output)), now: .zero)
    }
    #expect(throws: SubmissionError.emptyPrompt) { try submit(0, 1) }
    #expect(throws: SubmissionError.emptyOutput) { try submit(1, 0) }
    #expect(throws: SubmissionError.promptTooLong(tokens: 64, maximum: 63)) { try submit(64, 1) }
    #expect(engine.isIdle)
    try submit(63, 10)
    #expect(throws: SubmissionError.tooManyWaiting(maximum: 1)) { try submit(1, 1) }
    #expect(engine.step(now: .zero).finished.map(\.output.count) == [1])
  }

  @Test func `Impossible sizes are refused`() {
    #expect(throws: EngineConfigurationError.tooSmall(field: "blockCount", value: 1, minimum: 2)) {
      try SimulatedEngine(EngineConfiguration(blockCount: 1, modelTokensMax: 16))
    }
    #expect(throws: EngineConfigurationError.tooSmall(field: "blockSize", value: 0, minimum: 1)) {
      try SimulatedEngine(EngineConfiguration(blockCount: 8, blockSize: 0))
    }
    #expect(
      throws: EngineConfigurationError.tooLarge(
        field: "blockCount", value: .max, maximum: Int(BlockID.max))
    ) {
      try SimulatedEngine(EngineConfiguration(blockCount: .max))
    }
    #expect(
      throws: EngineConfigurationError.tooLarge(field: "modelTokensMax", value: 113, maximum: 112)
    ) {
      try SimulatedEngine(EngineConfiguration(blockCount: 8, modelTokensMax: 113))
    }
  }
}

extension BlockEvent {
  var storedHashes: [UInt64] {
    if case .stored(let blocks) = self { blocks.hashes } else { [] }
  }
}
