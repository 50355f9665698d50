import EPPScorer
import KVIndexer
import Tokenize

/// What is remembered of a decision, after it was answered.
extension Director {
  /// - Returns: Nil for what has no prompt to predict anything of.
  func remember(
    _ pick: Pick, _ choice: Choice, _ findings: PromptFindings, _ predictions: PromptPredictions
  ) -> DecisionLog.Entry? {
    let request = pick.request
    guard request.inference != nil else { return nil }
    var decision = Decision(
      time: WallClock.seconds(), requestID: request.gateway.headers[GatewayHeader.requestID],
      model: findings.model ?? request.targetModel, status: .pending,
      promptTokens: choice.request.promptTokens, tokensFrom: findings.exactOrigin,
      madeAt: choice.matchedAt, nanoseconds: choice.decidedAt &- pick.startedAt)
    let shortlist = shortlist(choice, predictions)
    let order = shortlist.indices(picked: choice.target.candidate)
    decision.take(order, of: shortlist, choice, predictions)
    decision.receivesBlocks = choice.targets.count > 1
    decision.blocks = traceBlocks(choice, findings, unique: pick.startedAt)
    return insight.made(decision, Self.evidence(order, choice, predictions))
  }

  /// Remembers a request that went nowhere.
  func remember(_ pick: Pick, _ findings: PromptFindings) {
    let request = pick.request
    guard request.inference != nil else { return }
    let now = MonotonicClock.nowNanoseconds()
    _ = insight.made(
      Decision(
        time: WallClock.seconds(), requestID: request.gateway.headers[GatewayHeader.requestID],
        model: findings.model ?? request.targetModel, status: .refused,
        promptTokens: findings.tokenCount ?? request.givenTokens,
        tokensFrom: findings.exactOrigin, madeAt: now, nanoseconds: now &- pick.startedAt), nil)
  }

  private func shortlist(
    _ choice: Choice, _ predictions: PromptPredictions
  ) -> CandidateShortlist {
    let count = choice.endpoints.count
    let unknown = Array(repeating: -1, count: count)
    var shortlist = CandidateShortlist(
      precise: predictions.precise?.map { $0.basis == .precise(.exact) ? $0.predictedTokens : -1 }
        ?? unknown,
      approximate: predictions.approximate?.map(\.predictedTokens) ?? unknown,
      scores: Array(repeating: -.infinity, count: count))
    let scores = choice.result.primary.scores
    for (candidate, total) in zip(scores.candidates, scores.totals) {
      shortlist.scores[candidate] = total
    }
    return shortlist
  }

  /// - Parameter order: Indices of the candidates that are remembered.
  private static func evidence(
    _ order: [Int], _ choice: Choice, _ predictions: PromptPredictions
  ) -> PredictionEvidence? {
    guard predictions.keys.count == 1, let prompt = predictions.keys.first else { return nil }
    return PredictionEvidence(
      prompt: prompt, members: order.map { choice.endpoints[$0].member })
  }

  private func traceBlocks(
    _ choice: Choice, _ findings: PromptFindings, unique: UInt64
  ) -> [UInt64] {
    if let prompt = findings.exactPrompt {
      return TraceBlocks.hashes(
        of: prompt.prompts, model: prompt.model, lora: prompt.lora, hasher: insight.hasher)
    }
    return TraceBlocks.hashes(
      of: choice.known.approximations.first ?? ApproximatePrompt(),
      promptTokens: choice.request.promptTokens, unique: unique, hasher: insight.hasher)
  }

  // MARK: Beside the route

  /// Predicts precisely what was routed without that, and learns from it; delays nothing.
  func predictBeside(
    _ pick: Pick, _ choice: Choice, _ predictions: PromptPredictions, _ exchange: RoutedRequest
  ) {
    guard let producer = producers.shadow, let inference = pick.request.inference else { return }
    let hints = PromptResolver.Hints(
      model: pick.request.targetModel.isEmpty ? nil : pick.request.targetModel,
      deadline: pick.startedAt &+ settings.tokenDeadline(inference))
    do throws(HTTPError) {
      try resolver.resolve(
        inference, body: pick.request.gateway.body, since: pick.startedAt, hints
      ) { [self] resolved in
        guard case .success(let prompt) = resolved, prompt.origin != .estimated else {
          return insight.comparison.beside[.unavailable].add()
        }
        var predictions = predictions
        (predictions.precise, predictions.keys) = producer.hits(prompt, on: choice.endpoints)
        exchange.predictedBeside(predictions, .resolved(prompt))
      }
    } catch {
      // A model that no endpoint names.
      insight.comparison.beside[.unavailable].add()
    }
  }

  /// Adds what came after the route to what is remembered of it.
  ///
  /// - Returns: Whether it came in time.
  func add(
    _ predictions: PromptPredictions, to entry: DecisionLog.Entry, of choice: Choice
  ) -> Bool {
    let now = MonotonicClock.nowNanoseconds()
    let shortlist = shortlist(choice, predictions)
    let order = shortlist.indices(picked: choice.target.candidate)
    let isInTime = insight.log.update(entry) { decision, evidence in
      guard decision.status == .pending, !decision.isAnswered else { return false }
      decision.take(order, of: shortlist, choice, predictions)
      decision.madeAt = now
      evidence = Self.evidence(order, choice, predictions)
      return true
    }
    insight.comparison.beside[isInTime ? .ready : .late].add()
    return isInTime
  }
}

extension Decision {
  /// Takes over candidates of a choice.
  ///
  /// - Parameter order: Their indices, the best first, the picked one among them.
  fileprivate mutating func take(
    _ order: [Int], of shortlist: CandidateShortlist, _ choice: Choice,
    _ predictions: PromptPredictions
  ) {
    candidates = order.map { index in
      let endpoint = choice.endpoints[index]
      let hit = choice.hit(ofCandidate: index)
      let precise = shortlist.precise[index]
      let score = shortlist.scores[index]
      return Candidate(
        endpoint: endpoint.member.name, basis: hit.basis,
        predictedTokens: Int32(clamping: hit.predictedTokens),
        reservedTokens: Int32(clamping: hit.reservedTokens),
        preciseTokens: precise >= 0 ? Int32(clamping: precise) : nil,
        approximateTokens: predictions.approximate.map {
          Int32(clamping: $0[index].predictedTokens)
        },
        score: score > -.infinity ? score : nil)
    }
    picked = order.firstIndex(of: choice.target.candidate)
  }
}

extension PromptFindings {
  /// How the tokens were obtained; nil when they were not.
  fileprivate var exactOrigin: TokensOrigin? {
    switch self {
    case .resolved(let prompt): prompt.origin == .estimated ? nil : prompt.origin
    case .scored(let score): score.origin == .estimated ? nil : score.origin
    case .none: nil
    }
  }
}
