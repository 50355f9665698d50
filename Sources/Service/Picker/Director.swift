import EPPScorer
import KVIndexer
import Synchronization
import Tokenize

/// Picks endpoints: reads a request, gets its tokens, asks the producers who holds what of it, runs
/// the plan, and keeps book of what was sent where.
///
/// It answers at once when tokens are given or known, and never later than `tokenDeadline` allows:
/// what is not known by then is approximated, and counted with its cause.
final class Director: RequestDirector {
  let settings: DirectorSettings
  let pool: PickerPool
  let resolver: PromptResolver
  let scheduler: Scheduler
  let producers: PickerProducers
  let engines: PickerEngines
  let metrics: PickerMetrics
  let insight: Insight
  private let tracer: Tracer?
  /// In the order of the producers.
  private let hitHistograms: [(ratio: Histogram, bytes: Histogram)]
  private let claims = Atomic<UInt64>(0)
  private let memoryLock = Lock()
  nonisolated(unsafe) private var memory: SchedulerMemory

  init(
    settings: DirectorSettings, pool: PickerPool, resolver: PromptResolver, scheduler: Scheduler,
    producers: PickerProducers, engines: PickerEngines, metrics: PickerMetrics,
    insight: Insight, tracer: Tracer? = nil
  ) {
    self.settings = settings
    self.pool = pool
    self.resolver = resolver
    self.scheduler = scheduler
    self.producers = producers
    self.engines = engines
    self.metrics = metrics
    self.insight = insight
    self.tracer = tracer
    memory = SchedulerMemory(seed: .random(in: .min ... .max))
    hitHistograms = zip(producers.names, producers.types).map {
      metrics.prefixHits(of: ProducerLabels(name: $0, type: $1))
    }
  }

  func direct(_ gateway: GatewayRequest, completion: @escaping @Sendable (Direction) -> Void) {
    let pick: Pick
    do throws(Refusal) {
      let request = try ParsedRequest(
        gateway, parsedBy: settings.parsers, keyedBy: resolver.keySeed)
      pick = Pick(request, metrics: metrics, tracer: tracer)
    } catch {
      metrics.unread(refusedWith: error)
      return completion(.refuse(error))
    }
    guard let inference = pick.request.inference, settings.needsTokens(inference) else {
      return decide(pick, .none(.noTokens), completion)
    }
    let deadline = gateway.receivedNanoseconds &+ settings.tokenDeadline(inference)
    if let remote = producers.remote {
      return remote.ask(pick.request, deadline: deadline) { [self] findings in
        decide(pick, findings, completion)
      }
    }
    let hints = PromptResolver.Hints(
      model: pick.request.targetModel.isEmpty ? nil : pick.request.targetModel, deadline: deadline)
    do throws(HTTPError) {
      try resolver.resolve(
        inference, body: gateway.body, since: pick.startedAt, hints
      ) { [self] resolved in
        switch resolved {
        case .success(let prompt): decide(pick, .resolved(prompt), completion)
        // A model that no endpoint names is the engine's to judge.
        case .failure: decide(pick, .none(.noTokens), completion)
        }
      }
    } catch {
      decide(pick, .none(.noTokens), completion)
    }
  }

  // MARK: Deciding

  private func decide(
    _ pick: Pick, _ findings: PromptFindings, _ completion: (Direction) -> Void
  ) {
    let resolvedAt = MonotonicClock.nowNanoseconds()
    do throws(Refusal) {
      var (choice, predictions) = try choose(pick, findings)
      let exchange = RoutedRequest(pick, choice, self)
      completion(.route(route(pick, choice, exchange)))
      // The answer is under way.
      memoryLock.withLock {
        scheduler.remember(
          choice.request, choice.result, choice.pool, now: choice.decidedAt, memory: &memory)
      }
      let shadow = producers.shadow
      if let shadow, let prompt = findings.exactPrompt {
        (predictions.precise, predictions.keys) = shadow.hits(prompt, on: choice.endpoints)
        insight.comparison.beside[.ready].add()
      }
      exchange.follow(findings, predictions.keys)
      count(pick, choice, findings, resolvedAt)
      guard let entry = remember(pick, choice, findings, predictions) else { return }
      exchange.remembered(as: entry)
      if shadow != nil, findings.exactPrompt == nil {
        predictBeside(pick, choice, predictions, exchange)
      }
    } catch {
      metrics.attempted(AttemptLabels(.failure, targetModel: pick.request.targetModel))
      pick.metrics.refused(error)
      completion(.refuse(error))
      remember(pick, findings)
      pick.trace?.refused(pick, error)
    }
  }

  private func count(
    _ pick: Pick, _ choice: Choice, _ findings: PromptFindings, _ resolvedAt: UInt64
  ) {
    pick.trace?.decided(pick, choice, findings, resolvedAt: resolvedAt)
    var parse: UInt64 = 0
    if case .resolved(let prompt) = findings { parse = prompt.parseNanoseconds }
    func seconds(_ from: UInt64, _ to: UInt64) -> Double { Double(to &- from) / 1e9 }
    pick.metrics.decided(
      parseSeconds: Double(parse) / 1e9,
      tokensSeconds: seconds(pick.startedAt &+ parse, resolvedAt),
      matchSeconds: seconds(resolvedAt, choice.matchedAt),
      scheduleSeconds: seconds(choice.matchedAt, choice.decidedAt))
    metrics.attempted(
      AttemptLabels(
        .success, targetModel: pick.request.targetModel,
        endpoint: choice.target.endpoint.endpoint))
    if let decision = choice.result.decision {
      let handler = scheduler.plan.handler
      metrics.divided(
        DivisionLabels(
          handler: ProducerLabels(name: handler.name, type: type(of: handler.plugin).type),
          model: pick.request.targetModel, decision: decision))
    }
  }

  /// Runs the plan over the endpoints that may take the request.
  private func choose(
    _ pick: Pick, _ findings: PromptFindings
  ) throws(Refusal) -> (Choice, PromptPredictions) {
    if settings.requiresTokens, let inference = pick.request.inference,
      settings.needsTokens(inference), findings.gap != nil
    {
      throw Refusal(
        .serviceUnavailable,
        "the configuration requires the prompt's tokens. "
          + (findings.reason ?? "Nobody knows those of the model '\(pick.request.targetModel)'."))
    }
    let endpoints = pool.endpoints.allowed(by: pick.request.gateway.subset)
      .serving(findings.model ?? pick.request.targetModel).ready
    guard !endpoints.isEmpty else { throw Refusal(SchedulingFailure.noEndpoints) }
    var known = producers.read(pick.request, findings)
    let now = MonotonicClock.nowNanoseconds()
    var candidates = candidates(endpoints, now: now)
    let predictions = producers.fill(&candidates, endpoints, &known, findings)
    let request = SchedulingRequest(
      model: pick.request.targetModel,
      promptTokens: known.promptTokens,
      hasMedia: pick.request.inference?.hasMedia ?? false,
      maxOutputTokens: pick.request.inference?.maxTokens, headers: pick.request.gateway.headers)
    let matchedAt = MonotonicClock.nowNanoseconds()
    let result: SchedulingResult
    do throws(SchedulingFailure) {
      result = try memoryLock.withLock { () throws(SchedulingFailure) in
        try scheduler.schedule(request, candidates, now: matchedAt, memory: &memory)
      }
    } catch {
      throw Refusal(error)
    }
    let choice = Choice(
      result, of: scheduler.plan, endpoints, candidates, request, known, matchedAt: matchedAt)
    if request.headers["prefer"] == "if-available", choice.primaryHit.matchedTokens == 0 {
      throw Refusal(.preconditionFailed, "no decode worker has the requested KV cache")
    }
    return (choice, predictions)
  }

  /// Endpoints with their loads, of which no prefix is known yet.
  func candidates(_ endpoints: [PickerEndpoint], now: UInt64) -> CandidatePool {
    CandidatePool(
      endpoints.map { endpoint in
        Candidate(
          endpoint: endpoint.endpoint, load: endpoint.load(at: now), inFlight: endpoint.inFlight)
      }, producers: producers.names)
  }

  /// What requests have left behind, as it is now.
  var memorySnapshot: SchedulerMemory { memoryLock.withLock { memory } }

  /// Counts what producers say of the endpoint that was picked.
  func noteHits(_ choice: Choice) {
    for (index, histograms) in hitHistograms.enumerated() {
      let hit = choice.hit(of: choice.target, by: index)
      guard hit.blockTokens > 0 else { continue }
      histograms.ratio.observe(hit.share)
      histograms.bytes.observe(Double(hit.matchedTokens * Self.bytesPerToken))
    }
  }

  /// What llm-d counts for a token.
  private static let bytesPerToken = 4

  func nextClaim() -> String { "pick-\(claims.wrappingAdd(1, ordering: .relaxed).newValue)" }
}

extension Refusal {
  /// What a request is told that the plan has no endpoint for.
  fileprivate init(_ failure: SchedulingFailure) {
    switch failure {
    case .noEndpoints:
      self.init(
        .serviceUnavailable, "failed to find endpoint candidates for serving the request",
        droppedReason: "rejected-no-endpoints")
    case .filteredOut:
      self.init(
        .resourceExhausted, "no endpoints available for the given request",
        droppedReason: "rejected-saturated")
    case .refused(let cause):
      self.init(.resourceExhausted, "failed to find target endpoint: \(cause)")
    }
  }
}
