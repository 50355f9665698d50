import EPPScorer
import KVIndexer
import Tokenize

/// A request that was sent to an endpoint: holds what was booked for it until its end is seen.
final class RoutedRequest: RoutedExchange {
  private let pick: Pick
  private let choice: Choice
  private let director: Director
  /// In the order of the choice's targets.
  private let claims: [InFlightClaim]
  /// Guards what follows: a response may begin while its request is still being booked.
  private let lock = Lock()
  nonisolated(unsafe) private var reservations: [String] = []
  nonisolated(unsafe) private var status = 0
  nonisolated(unsafe) private var isTakenBack = false
  /// What is remembered of the decision; nil until it is.
  nonisolated(unsafe) private var entry: DecisionLog.Entry?
  /// How it ended, while there is no entry to note that in.
  nonisolated(unsafe) private var conclusion: Conclusion?

  private typealias Conclusion = (status: Decision.Status, delivery: Decision.Delivery?)

  nonisolated(unsafe) private var firstTokenSeconds: Double?
  nonisolated(unsafe) private var lastPieceAt: UInt64 = 0

  /// Counts the request as sent.
  init(_ pick: Pick, _ choice: Choice, _ director: Director) {
    self.pick = pick
    self.choice = choice
    self.director = director
    let output = director.settings.inFlight.outputTokens(
      promptTokens: choice.request.promptTokens, clientMax: choice.request.maxOutputTokens)
    claims = choice.targets.map { target in
      let hit = choice.hit(of: target, by: director.scheduler.plan.inFlightProducer)
      let uncached = max(choice.request.promptTokens - hit.predictedTokens, 0)
      return InFlightClaim(target.endpoint, tokens: uncached + output)
    }
    pick.metrics.routed(bodyBytes: pick.request.gateway.body.count, hit: choice.primaryHit)
  }

  /// Books what the decision makes likely: reservations, and what approximations learn.
  ///
  /// - Parameter keys: Of the prompts, as far as they were hashed for the decision.
  func follow(_ findings: PromptFindings, _ keys: [HashedPrompt]) {
    noteInFlight()
    var made: [String] = []
    for target in choice.targets where target.holdsPrompt {
      made += director.producers.learn(
        choice.known, findings, keys, on: target.endpoint, named: director.nextClaim(),
        now: choice.decidedAt)
    }
    director.noteHits(choice)
    keep(made)
  }

  /// Keeps reservations until the request ends, or takes them back if it has.
  private func keep(_ made: [String]) {
    let isLate = lock.withLock {
      reservations += made
      return isTakenBack
    }
    if isLate { takeBack(made) }
  }

  /// Takes over what is remembered of the decision.
  func remembered(as entry: DecisionLog.Entry) {
    let conclusion = lock.withLock {
      self.entry = entry
      return self.conclusion
    }
    if let conclusion { director.insight.ended(entry, conclusion.status, conclusion.delivery) }
  }

  /// Takes what was predicted precisely after the route.
  func predictedBeside(_ predictions: PromptPredictions, _ findings: PromptFindings) {
    guard let entry = lock.withLock({ entry }), director.add(predictions, to: entry, of: choice)
    else { return }
    keep(
      choice.targets.lazy.filter(\.holdsPrompt).flatMap { [director] target in
        director.producers.reserve(
          findings, predictions.keys, on: target.endpoint, named: director.nextClaim(),
          now: MonotonicClock.nowNanoseconds())
      })
  }

  private func noteInFlight() {
    for target in choice.targets { director.engines.noteInFlight(target.endpoint) }
  }

  // MARK: The response

  func responseBegan(status: Int) {
    let entry = lock.withLock {
      self.status = status
      return self.entry
    }
    if let entry, director.producers.shadow != nil {
      director.insight.log.update(entry) { decision, _ in decision.isAnswered = true }
    }
    // A gateway that can't reach an endpoint answers for it with these.
    if [502, 503, 504].contains(status) {
      director.engines.noteFailure(of: choice.target.endpoint)
    }
  }

  func responseBodyBegan() {
    // Who decodes has begun, so who prefilled or encoded for it is done.
    for claim in claims.dropFirst() { claim.release() }
    if !director.settings.inFlight.addEstimatedOutputTokens { claims[0].releaseTokens() }
    let seconds = seconds()
    lock.withLock {
      firstTokenSeconds = seconds
      lastPieceAt = MonotonicClock.nowNanoseconds()
    }
    pick.metrics.firstToken(seconds: seconds, isStream: isStream)
  }

  func responseBodyContinued() {
    guard isStream else { return }
    let now = MonotonicClock.nowNanoseconds()
    let before = lock.withLock { exchange(&lastPieceAt, with: now) }
    if before > 0 { pick.metrics.pieceCame(afterSeconds: Double(now &- before) / 1e9) }
  }

  func ended(_ end: ExchangeEnd) {
    for claim in claims { claim.release() }
    noteInFlight()
    let (status, firstTokenSeconds) = lock.withLock { (self.status, self.firstTokenSeconds) }
    pick.trace?.ended(pick, choice, end, status: status, firstTokenSeconds: firstTokenSeconds)
    switch end {
    case .completed(let summary) where status == 200:
      conclude(.completed, summary.usage.flatMap { learn($0) })
      pick.metrics.completed(
        seconds: seconds(), firstTokenSeconds: isStream ? firstTokenSeconds : nil,
        usage: summary.usage, bodyBytes: summary.bodyBytes)
    case .completed(let summary):
      takeBack()
      conclude(.failed)
      pick.metrics.failed(status: status, seconds: seconds(), bodyBytes: summary.bodyBytes)
    case .aborted:
      // With the first token the prompt was computed, whoever went away then.
      if status != 200 || firstTokenSeconds == nil { takeBack() }
      conclude(.aborted)
      pick.metrics.aborted(seconds: seconds())
    case .unobserved:
      if status != 0, status != 200 { takeBack() }
      conclude(.unobserved)
      pick.metrics.unobserved()
    }
  }

  private func conclude(_ status: Decision.Status, _ delivery: Decision.Delivery? = nil) {
    let entry = lock.withLock {
      if self.entry == nil { conclusion = (status, delivery) }
      return self.entry
    }
    if let entry { director.insight.ended(entry, status, delivery) }
  }

  /// The endpoint did not compute the prompt, as far as one can tell.
  private func takeBack() {
    takeBack(
      lock.withLock {
        isTakenBack = true
        return reservations
      })
  }

  private func takeBack(_ reservations: [String]) {
    director.producers.cancel(reservations)
    for target in choice.targets where target.holdsPrompt {
      director.producers.forget(choice.known, on: target)
    }
  }

  /// Compares what was predicted with what the engine reused; nil where that can't be told.
  private func learn(_ usage: TokenUsage) -> Decision.Delivery? {
    guard let cached = usage.cachedTokens, !pick.request.hasSeveralPrompts else { return nil }
    director.producers.delivered(
      cached, of: choice.known, promptTokens: usage.promptTokens ?? choice.request.promptTokens,
      on: choice.target, now: MonotonicClock.nowNanoseconds())
    pick.metrics.predicted(choice.primaryHit, delivered: cached)
    return Decision.Delivery(
      cachedTokens: cached, promptTokens: usage.promptTokens, outputTokens: usage.completionTokens,
      firstTokenSeconds: isStream ? lock.withLock { firstTokenSeconds } : nil)
  }

  private var isStream: Bool { pick.request.inference?.isStream ?? false }

  private func seconds() -> Double {
    Double(MonotonicClock.nowNanoseconds() &- pick.startedAt) / 1e9
  }
}
