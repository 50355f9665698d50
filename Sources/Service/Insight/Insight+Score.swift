import EPPScorer
import KVIndexer

extension Insight {
  /// Remembers what was answered to somebody who routes by himself, and may report what came of it.
  ///
  /// - Parameters:
  ///   - keys: Of each prompt.
  ///   - start: When the request arrived, in monotonic nanoseconds.
  func scored(
    _ endpoints: [EndpointScore], _ prompt: ResolvedPrompt, _ keys: [HashedPrompt],
    requestID: String, since start: UInt64
  ) {
    let ordered = endpoints.sorted { $0.predictedTokens > $1.predictedTokens }
    let now = MonotonicClock.nowNanoseconds()
    let isExact = prompt.origin != .estimated
    var decision = Decision(
      time: WallClock.seconds(), requestID: requestID, model: prompt.model, status: .scored,
      promptTokens: prompt.tokenCount, tokensFrom: isExact ? prompt.origin : nil, madeAt: now,
      nanoseconds: now &- start)
    decision.candidates = ordered.map { Decision.Candidate($0, knowsTokens: isExact) }
    decision.blocks = TraceBlocks.hashes(
      of: prompt.prompts, model: prompt.model, lora: prompt.lora, hasher: hasher)
    // Engines tell the cached tokens of a request's last prompt alone.
    let evidence = keys.count == 1 && isExact ? keys.first : nil
    _ = made(
      decision, evidence.map { PredictionEvidence(prompt: $0, members: ordered.map(\.member)) })
  }
}

extension EndpointScore {
  fileprivate var predictedTokens: Int { matchedTokens + reservedTokens }
}

extension Decision.Candidate {
  fileprivate init(_ endpoint: EndpointScore, knowsTokens: Bool) {
    let basis: PrefixHit.Basis =
      knowsTokens
      ? endpoint.trust.map { .precise($0) } ?? .approximate(.noEvents) : .approximate(.noTokens)
    self.init(
      endpoint: endpoint.member.name, basis: basis,
      predictedTokens: Int32(clamping: endpoint.predictedTokens),
      reservedTokens: Int32(clamping: endpoint.reservedTokens),
      preciseTokens: basis == .precise(.exact) ? Int32(clamping: endpoint.predictedTokens) : nil,
      score: endpoint.score)
  }
}
