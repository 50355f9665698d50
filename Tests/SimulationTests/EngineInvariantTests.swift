import KVIndexer
import Testing

@testable import Simulation

@Suite struct EngineInvariantTests {
  /// A cache that holds everything, one that evicts, and one that must preempt.
  static let configurations = [
    EngineConfiguration(blockCount: 1_024, modelTokensMax: 512),
    EngineConfiguration(blockCount: 128, modelTokensMax: 512, runningRequestsMax: 4),
    EngineConfiguration(blockCount: 48, modelTokensMax: 512, batchedTokensMax: 96),
    EngineConfiguration(blockCount: 140, blockSize: 4, modelTokensMax: 512, batchedTokensMax: 64),
  ]

  static var chats: ChatWorkloadParameters {
    var parameters = ChatWorkloadParameters()
    parameters.systemPromptCount = 3
    parameters.systemPromptTokens = 20...90
    parameters.usersPerSystemPrompt = 4
    parameters.userTokens = 1...40
    parameters.outputTokens = 1...60
    parameters.sequenceTokensMax = 512
    return parameters
  }

  @Test(arguments: configurations.indices, [11, 12, 13])
  func `Random chats keep blocks, cache and events consistent after every step`(
    configuration: Int, seed: UInt64
  ) throws {
    var engine = try SimulatedEngine(Self.configurations[configuration])
    var chats = try ChatWorkload(Self.chats, seed: seed)
    var random = SplitMix64(seed: seed)
    var mirror = CacheMirror()
    var sessions: [EngineRequestID: ChatRequest] = [:]
    var sent = 0
    var steps = 0
    while sent < 150 || !engine.isIdle {
      if sent < 150, random.below(4) == 0, let request = chats.nextRequest() {
        let id = try engine.submit(
          EngineRequest(
            tokens: request.tokens, output: .sampled(request.outputTokensMax),
            readsCache: random.below(16) > 0),
          now: .milliseconds(steps))
        sessions[id] = request
        sent += 1
      }
      let step = engine.step(now: .milliseconds(steps))
      steps += 1
      engine.checkInvariants()
      mirror.apply(step.events)
      #expect(mirror.copies == engine.pool.cachedCopies)
      #expect(step.scheduledTokens <= engine.configuration.batchedTokensMax)
      for result in step.finished {
        let removed = sessions.removeValue(forKey: result.id)
        let request = try #require(removed)
        #expect(result.cachedTokens <= request.tokens.count - 1)
        #expect(result.output.count == request.outputTokensMax)
        chats.answer(result.output, to: request.session)
      }
    }
    #expect(sessions.isEmpty)
    #expect(engine.counters.cacheUsage == 0)
    #expect(configuration == 0 || engine.counters.prefixCacheHits > 0)
    #expect(configuration < 2 || engine.counters.preemptions > 0)
  }

  @Test(arguments: [21, 22])
  func `The same seed gives the same steps`(seed: UInt64) throws {
    func events() throws -> [[BlockEvent]] {
      var engine = try SimulatedEngine(Self.configurations[2])
      var chats = try ChatWorkload(Self.chats, seed: seed)
      var sessions: [EngineRequestID: SessionID] = [:]
      return try (0..<400).map { step in
        if step % 5 == 0, let request = chats.nextRequest() {
          let id = try engine.submit(
            EngineRequest(tokens: request.tokens, output: .sampled(request.outputTokensMax)),
            now: .zero)
          sessions[id] = request.session
        }
        let result = engine.step(now: .zero)
        for finished in result.finished {
          let session = try #require(sessions[finished.id])
          chats.answer(finished.output, to: session)
        }
        return result.events
      }
    }
    let first = try events()
    #expect(try events() == first)
  }
}

/// What an index knows that counts stores and removals of each hash.
private struct CacheMirror {
  private(set) var copies: [UInt64: Int] = [:]

  mutating func apply(_ events: [BlockEvent]) {
    for event in events {
      switch event {
      case .stored(let blocks): for hash in blocks.hashes { copies[hash, default: 0] += 1 }
      case .removed(let hash): copies[hash] = copies[hash] == 1 ? nil : (copies[hash] ?? 0) - 1
      case .cleared: copies = [:]
      }
    }
  }
}

extension BlockPool {
  /// How many physical blocks cache each hash.
  fileprivate var cachedCopies: [UInt64: Int] {
    blocks.reduce(into: [:]) { if $1.isCached { $0[$1.hash, default: 0] += 1 } }
  }
}
