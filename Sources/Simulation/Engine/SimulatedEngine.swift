import KVIndexer

/// A model server without a model: vLLM's scheduler and prefix cache, to the block.
///
/// Requests share steps (continuous batching); prompts are computed in chunks of a token budget;
/// full blocks are cached, hit, evicted and announced as vLLM 0.32 does for one full-attention
/// group with synchronous scheduling, first come first served. Time is an argument: nothing here
/// waits, and the same calls give the same results.
///
/// A step schedules first, running requests before waiting ones. Blocks are cached when they are
/// scheduled, hence a request can hit what another one fills in the same step. Then every request
/// that has caught up with its tokens samples one, and the finished ones free their blocks.
package struct SimulatedEngine: Sendable {
  package let configuration: EngineConfiguration

  var pool: BlockPool
  var running: [ScheduledRequest] = []
  var waiting = WaitingQueue()
  /// Reused by every lookup.
  var hits: [BlockID] = []

  var promptTokens = 0
  var computedTokens = 0
  var requestsFinished = 0
  var prefixCacheQueries = 0
  var prefixCacheHits = 0
  var preemptions = 0

  let hasher: BlockHasher
  let model: OutputModel
  private var submitted: UInt64 = 0

  /// Makes an idle engine with an empty cache.
  ///
  /// - Throws: `EngineConfigurationError` when an engine of this size could not finish a request.
  package init(_ configuration: EngineConfiguration) throws(EngineConfigurationError) {
    try configuration.validate()
    self.configuration = configuration
    pool = BlockPool(blockCount: configuration.blockCount)
    hasher = BlockHasher(seed: configuration.hashSeed)
    model = OutputModel(
      seed: configuration.modelSeed, vocabularySize: configuration.vocabularySize)
  }

  /// Whether a step would do nothing.
  package var isIdle: Bool { running.isEmpty && waiting.count == 0 }

  package var counters: EngineCounters {
    EngineCounters(
      requestsRunning: running.count, requestsWaiting: waiting.count,
      cacheUsage: 1 - Double(pool.freeCount) / Double(pool.usableCount),
      promptTokens: promptTokens, computedTokens: computedTokens,
      requestsFinished: requestsFinished, prefixCacheQueries: prefixCacheQueries,
      prefixCacheHits: prefixCacheHits, preemptions: preemptions,
      blockCount: configuration.blockCount, blockSize: configuration.blockSize)
  }

  /// Puts a request at the end of the waiting queue.
  ///
  /// An output that would exceed the longest sequence is cut short, as vLLM does.
  ///
  /// - Throws: `SubmissionError`; the engine is then unchanged.
  /// - Complexity: O(tokens), for hashing.
  package mutating func submit(
    _ request: EngineRequest, now: Duration
  ) throws(SubmissionError) -> EngineRequestID {
    let outputMax: Int
    let script: [TokenID]
    switch request.output {
    case .sampled(let count): (outputMax, script) = (count, [])
    case .scripted(let tokens): (outputMax, script) = (tokens.count, tokens)
    }
    let room = configuration.modelTokensMax - request.tokens.count
    if request.tokens.isEmpty { throw .emptyPrompt }
    if outputMax < 1 { throw .emptyOutput }
    if room < 1 {
      throw .promptTooLong(
        tokens: request.tokens.count, maximum: configuration.modelTokensMax - 1)
    }
    if waiting.count >= configuration.waitingRequestsMax {
      throw .tooManyWaiting(maximum: configuration.waitingRequestsMax)
    }
    let id = EngineRequestID(number: submitted)
    submitted += 1
    var scheduled = ScheduledRequest(
      id: id, promptCount: request.tokens.count,
      extraKeys: ExtraKeys(adapter: request.adapter, salt: request.cacheSalt),
      readsCache: request.readsCache, submittedAt: now, outputMax: min(outputMax, room),
      script: script, tokens: request.tokens)
    scheduled.extendHashes(with: hasher, blockSize: configuration.blockSize)
    waiting.append(scheduled)
    return id
  }

  /// Empties the prefix cache, as after an update of the weights.
  ///
  /// The event goes out with the next step that computes something, and so does vLLM's: until then
  /// an index still believes in the old blocks.
  ///
  /// - Returns: False, and nothing changes, while requests use blocks.
  package mutating func resetPrefixCache() -> Bool {
    pool.clearCache()
  }
}
