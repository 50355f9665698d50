import EPPScorer
import Tokenize

/// Prefix hits guessed from what was sent where.
///
/// Blocks are cut from text, or from token ids where they are given. An endpoint's capacity is what
/// its engine says that it has, and less while the engine turns out to reuse less than was believed.
final class ApproximateProducer: @unchecked Sendable {
  private struct Lane {
    var lane: ApproximateLane
    /// Where its engine is.
    var address: String
    /// What the engine, or the configuration, says that fits.
    var nominal: Int
    /// When the capacity may change again, in monotonic nanoseconds.
    var adjustableAt: UInt64 = 0
  }

  /// Blocks of fewer tokens cost memory and tell no more.
  private static let blockTokensMin = 64
  private static let adjustmentNanoseconds: UInt64 = 1_000_000_000

  let name: String
  private let parameters: ApproxPrefixCacheProducer
  private let tokensPerMedium: Int
  private let lock = Lock()
  // Under the lock:
  private var index = ApproximateIndex()
  private var lanes: [EndpointID: Lane] = [:]
  private var estimator: PromptEstimator
  private var counts: [Int] = []

  init(name: String, _ parameters: ApproxPrefixCacheProducer, tokensPerMedium: Int) {
    self.name = name
    self.parameters = parameters
    self.tokensPerMedium = tokensPerMedium
    estimator = PromptEstimator(
      blockTokens: max(parameters.blockSizeTokens, Self.blockTokensMin),
      tokensPerMedium: tokensPerMedium)
  }

  // MARK: Endpoints

  /// Takes over the pool's endpoints and what their engines say of their caches.
  ///
  /// Of one that is gone, or somewhere else by now, nothing is known any more.
  func set(_ endpoints: [(endpoint: PickerEndpoint, cache: EngineCache?)]) {
    lock.withLock {
      let addresses = Dictionary(
        uniqueKeysWithValues: endpoints.map { ($0.endpoint.id, $0.endpoint.endpoint.address) })
      for (id, lane) in lanes where addresses[id] != lane.address {
        index.removeEndpoint(lane.lane)
        lanes[id] = nil
      }
      if parameters.autoTune { tune(endpoints.lazy.compactMap(\.cache?.blockTokens).max() ?? 0) }
      for (endpoint, cache) in endpoints {
        let id = endpoint.id
        let capacity = capacity(cache)
        if var lane = lanes[id] {
          guard lane.nominal != capacity else { continue }
          index.resize(lane.lane, capacityBlocks: capacity)
          lane.nominal = capacity
          lanes[id] = lane
        } else if let lane = index.addEndpoint(capacityBlocks: capacity) {
          lanes[id] = Lane(
            lane: lane, address: endpoint.endpoint.address, nominal: capacity)
        }
      }
    }
  }

  /// Engines with blocks larger than ours: what is not a whole block of theirs is not reused.
  private func tune(_ engineBlockTokens: Int) {
    let blockTokens = max(
      parameters.blockSizeTokens, engineBlockTokens, Self.blockTokensMin)
    guard blockTokens != estimator.blockTokens else { return }
    estimator = PromptEstimator(blockTokens: blockTokens, tokensPerMedium: tokensPerMedium)
    for lane in lanes.values { index.clear(lane.lane) }
  }

  private func capacity(_ cache: EngineCache?) -> Int {
    guard parameters.autoTune, let cache else {
      let tokens = parameters.lruCapacityPerServer * parameters.blockSizeTokens
      return tokens / estimator.blockTokens
    }
    return ApproximateIndex.capacity(
      engineBlocks: cache.blocks, engineBlockTokens: cache.blockTokens,
      blockTokens: estimator.blockTokens)
  }

  // MARK: Prompts

  /// Cuts a request's prompts into blocks; none for what has no prompt.
  func read(_ request: ParsedRequest) -> ApproximatePrompt {
    guard let inference = request.inference else { return ApproximatePrompt() }
    return read(inference, body: request.gateway.body, model: request.targetModel)
  }

  /// Cuts the prompts of a request into blocks.
  ///
  /// - Parameters:
  ///   - body: What it was parsed from.
  ///   - model: That the endpoint is asked for.
  func read(_ inference: InferenceRequest, body: [UInt8], model: String) -> ApproximatePrompt {
    let estimator = lock.withLock { self.estimator }
    var prompt = ApproximatePrompt(
      blockTokens: estimator.blockTokens, readsCache: inference.readsCache)
    if case .tokens(let prompts) = inference.prompt {
      prompt.blocks = prompts.map {
        estimator.blocks(
          ofTokens: $0, features: inference.features, model: model,
          cacheSalt: inference.cacheSalt, lora: inference.lora)
      }
      prompt.promptTokens = prompts.reduce(0) { $0 + $1.count }
    } else {
      // The body was parsed before: what can't be read again has no prompt to speak of.
      let estimates = (try? estimator.prompts(of: inference, body: body)) ?? []
      prompt.blocks = estimates.map(\.blocks)
      prompt.promptTokens = estimates.reduce(0) { $0 + $1.promptTokens }
    }
    shorten(&prompt)
    return prompt
  }

  /// Cuts prompts of token ids into blocks.
  func read(_ resolved: ResolvedPrompt, model: String) -> ApproximatePrompt {
    let estimator = lock.withLock { self.estimator }
    var prompt = ApproximatePrompt(
      promptTokens: resolved.tokenCount, blockTokens: estimator.blockTokens,
      readsCache: resolved.readsCache)
    prompt.blocks = resolved.prompts.map {
      estimator.blocks(
        ofTokens: $0.tokens, features: $0.features, model: model, cacheSalt: $0.cacheSalt,
        lora: resolved.lora)
    }
    shorten(&prompt)
    return prompt
  }

  /// Leaves no more blocks than may be matched.
  private func shorten(_ prompt: inout ApproximatePrompt) {
    guard parameters.maxPrefixTokensToMatch > 0 else { return }
    let most = parameters.maxPrefixTokensToMatch / prompt.blockTokens
    for index in prompt.blocks.indices where prompt.blocks[index].count > most {
      prompt.blocks[index].removeLast(prompt.blocks[index].count - most)
    }
  }

  /// What each endpoint is believed to hold of a prompt.
  ///
  /// - Parameter promptTokens: Of all prompts; blocks are scaled to it where it is not the estimate.
  func hits(
    _ prompt: inout ApproximatePrompt, on endpoints: [PickerEndpoint], promptTokens: Int
  ) -> [PrefixHit] {
    var believed = Array(repeating: 0, count: endpoints.count)
    lock.withLock {
      for blocks in prompt.blocks {
        index.match(blocks, into: &counts)
        for (candidate, endpoint) in endpoints.enumerated() {
          guard let lane = lanes[endpoint.endpoint.id] else { continue }
          believed[candidate] += counts[lane.lane.index]
        }
      }
    }
    prompt.believed = believed
    let scale =
      prompt.promptTokens > 0 ? Double(promptTokens) / Double(prompt.promptTokens) : 0
    let tokensPerBlock = Double(prompt.blockTokens) * scale
    let blockTokens = min(Int(Double(prompt.blockCount) * tokensPerBlock), promptTokens)
    return believed.map { blocks in
      PrefixHit(
        basis: .approximate(.configured),
        matchedTokens: prompt.readsCache
          ? min(Int(Double(blocks) * tokensPerBlock), blockTokens) : 0,
        blockTokens: blockTokens)
    }
  }

  // MARK: Learning

  /// A request was sent to an endpoint, which will hold its prompts.
  func learn(_ prompt: ApproximatePrompt, on endpoint: PickerEndpoint) {
    lock.withLock {
      guard let lane = lanes[endpoint.endpoint.id]?.lane, matches(prompt) else { return }
      for blocks in prompt.blocks { index.learn(blocks, lane) }
    }
  }

  /// The request failed: nothing beyond what was believed before is there.
  func forget(_ prompt: ApproximatePrompt, candidate: Int, on endpoint: PickerEndpoint) {
    // Which of several prompts the belief was about is not known.
    guard prompt.blocks.count == 1, candidate < prompt.believed.count else { return }
    lock.withLock {
      guard let lane = lanes[endpoint.endpoint.id]?.lane, matches(prompt) else { return }
      index.correct(prompt.blocks[0], lane, deliveredBlocks: prompt.believed[candidate])
    }
  }

  /// The engine reused so much of a prompt: where that is less than was believed, it forgets
  /// sooner than its capacity says, and so does its lane.
  func delivered(
    _ cachedTokens: Int, of prompt: ApproximatePrompt, promptTokens: Int, candidate: Int,
    on endpoint: PickerEndpoint, now: UInt64
  ) {
    guard prompt.readsCache, candidate < prompt.believed.count, promptTokens > 0,
      prompt.promptTokens > 0
    else { return }
    let estimated = Double(cachedTokens) * Double(prompt.promptTokens) / Double(promptTokens)
    let delivered = Int(estimated / Double(prompt.blockTokens))
    let believed = prompt.believed[candidate]
    lock.withLock {
      guard var lane = lanes[endpoint.endpoint.id], matches(prompt), now >= lane.adjustableAt
      else { return }
      let capacity = index.capacity(lane.lane)
      var wanted = capacity
      // One block is the error of the estimate.
      if believed > delivered + 1 {
        let held = index.blockCount(lane.lane)
        wanted = max(held - held / 16, lane.nominal / 8, 1)
      } else if believed > 0, capacity < lane.nominal {
        wanted = min(capacity + max(lane.nominal / 64, 1), lane.nominal)
      }
      guard wanted != capacity else { return }
      index.resize(lane.lane, capacityBlocks: wanted)
      lane.adjustableAt = now &+ Self.adjustmentNanoseconds
      lanes[endpoint.endpoint.id] = lane
    }
  }

  /// Whether a prompt's blocks are still those of the index.
  private func matches(_ prompt: ApproximatePrompt) -> Bool {
    prompt.blockTokens == estimator.blockTokens
  }

  /// Blocks believed to be held, over all endpoints.
  var residencies: Int { lock.withLock { index.residencies } }
}
