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
      let uncached = max(choice.request.promptTokens - hit.matchedTokens, 0)
      return InFlightClaim(target.endpoint, tokens: uncached + output)
    }
    pick.metrics.routed(bodyBytes: pick.request.gateway.body.count, hit: choice.primaryHit)
  }

  /// Books what the decision makes likely: reservations, and what approximations learn.
  func follow(_ findings: PromptFindings) {
    noteInFlight()
    var made: [String] = []
    for target in choice.targets where target.holdsPrompt {
      made += director.producers.learn(
        choice.known, findings, on: target.endpoint, named: director.nextClaim(),
        now: choice.decidedAt)
    }
    director.noteHits(choice)
    let isLate = lock.withLock {
      reservations += made
      return isTakenBack
    }
    if isLate { takeBack(made) }
  }

  private func noteInFlight() {
    for target in choice.targets { director.engines.noteInFlight(target.endpoint) }
  }

  // MARK: The response

  func responseBegan(status: Int) {
    lock.withLock { self.status = status }
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
      if let usage = summary.usage { learn(usage) }
      pick.metrics.completed(
        seconds: seconds(), firstTokenSeconds: isStream ? firstTokenSeconds : nil,
        usage: summary.usage, bodyBytes: summary.bodyBytes)
    case .completed(let summary):
      takeBack()
      pick.metrics.failed(status: status, seconds: seconds(), bodyBytes: summary.bodyBytes)
    case .aborted:
      // With the first token the prompt was computed, whoever went away then.
      if status != 200 || firstTokenSeconds == nil { takeBack() }
      pick.metrics.aborted(seconds: seconds())
    case .unobserved:
      pick.metrics.unobserved()
    }
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

  /// Compares what was predicted with what the engine reused.
  private func learn(_ usage: TokenUsage) {
    guard let cached = usage.cachedTokens, !pick.request.hasSeveralPrompts else { return }
    director.producers.delivered(
      cached, of: choice.known, promptTokens: usage.promptTokens ?? choice.request.promptTokens,
      on: choice.target, now: MonotonicClock.nowNanoseconds())
    pick.metrics.predicted(choice.primaryHit, delivered: cached)
  }

  private var isStream: Bool { pick.request.inference?.isStream ?? false }

  private func seconds() -> Double {
    Double(MonotonicClock.nowNanoseconds() &- pick.startedAt) / 1e9
  }
}
