import EPPScorer
import KVIndexer
import Tokenize

/// What would be done with a prompt now, and why; nothing is booked, learned or counted.
extension Director: PickExplainer {
  func explain(_ prompt: ResolvedPrompt, from input: PromptInput) -> PickExplanation {
    let inference = inference(of: input)
    let findings = findings(prompt, inference)
    let serving = pool.endpoints.serving(prompt.model)
    let ready = serving.ready
    var outcome = dryRun(prompt, input, inference, findings, on: ready)
    let left = pool.endpoints.filter { endpoint in !ready.contains { $0 === endpoint } }
    outcome.candidates += left.map { endpoint in
      let isServing = serving.contains { $0 === endpoint }
      return PickExplanation.Candidate(
        endpoint: endpoint.member.name, predictedTokens: 0, basis: PrefixHit.Basis.unknown.text,
        filteredBy: isServing ? "its engine does not answer" : "it serves another model",
        total: nil, parts: [])
    }
    return outcome
  }

  private func inference(of input: PromptInput) -> InferenceRequest? {
    guard case .body(let api, let body) = input else { return nil }
    // Whoever asks has had it parsed before, or has no answer to explain.
    return try? InferenceRequest(api, parsing: body, keyedBy: resolver.keySeed)
  }

  /// What a route would have found out, which may be less than what explaining did.
  private func findings(
    _ prompt: ResolvedPrompt, _ inference: InferenceRequest?
  ) -> PromptFindings {
    if let inference, !settings.needsTokens(inference) { return .none(.noTokens) }
    return producers.remote == nil ? .resolved(prompt) : .none(.noAnswer)
  }

  private func dryRun(
    _ prompt: ResolvedPrompt, _ input: PromptInput, _ inference: InferenceRequest?,
    _ findings: PromptFindings, on endpoints: [PickerEndpoint]
  ) -> PickExplanation {
    let model = inference?.model ?? prompt.model
    var known = KnownPrompt(
      promptTokens: findings.tokenCount ?? prompt.tokenCount,
      approximations: producers.approximations.map { approximation in
        guard let inference, case .body(_, let body) = input else {
          return approximation.read(prompt, model: model)
        }
        return approximation.read(inference, body: body, model: model)
      })
    let now = MonotonicClock.nowNanoseconds()
    var candidates = candidates(endpoints, now: now)
    _ = producers.fill(&candidates, endpoints, &known, findings)
    let request = SchedulingRequest(
      model: model, promptTokens: known.promptTokens, hasMedia: inference?.hasMedia ?? false,
      maxOutputTokens: inference?.maxTokens, headers: RequestHeaders([]))
    let before = memorySnapshot
    var memory = before
    do throws(SchedulingFailure) {
      let result = try scheduler.schedule(request, candidates, now: now, memory: &memory)
      let choice = Choice(
        result, of: scheduler.plan, endpoints, candidates, request, known, matchedAt: now)
      let removals = scheduler.removals(
        by: result.primary.name, request, candidates, now: now, memory: before)
      return PickNarrative(choice: choice, plan: scheduler.plan, removals: removals).explanation
    } catch {
      return PickExplanation(
        profile: scheduler.plan.profiles.first?.name ?? "", picked: nil, givenUp: nil,
        sentence: Self.sentence(error), candidates: [])
    }
  }

  private static func sentence(_ failure: SchedulingFailure) -> String {
    switch failure {
    case .noEndpoints: "It would be refused: there is no endpoint that could take it."
    case .filteredOut(let profile, let filter):
      "It would be refused: the filter '\(filter)' of profile '\(profile)' leaves no endpoint."
    case .refused(let cause): "It would be refused: \(cause)."
    }
  }
}
