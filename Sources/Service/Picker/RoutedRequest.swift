import EPPScorer
import KVIndexer
import Synchronization
import Tokenize

/// A request that was sent to an endpoint: holds what was booked for it until its end is seen.
final class RoutedRequest: RoutedExchange {
  private let pick: Pick
  private let choice: Choice
  private let director: Director
  /// Guards what follows: a response may begin while its request is still being booked.
  private let lock = Lock()
  nonisolated(unsafe) private var claims: [(profile: String, claim: InFlightClaim)] = []
  nonisolated(unsafe) private var reservations: [String] = []
  nonisolated(unsafe) private var status = 0
  nonisolated(unsafe) private var isOver = false

  nonisolated(unsafe) private var firstTokenSeconds: Double?
  nonisolated(unsafe) private var lastPieceAt: UInt64 = 0

  init(_ pick: Pick, _ choice: Choice, _ director: Director) {
    self.pick = pick
    self.choice = choice
    self.director = director
    pick.metrics.routed(
      bodyBytes: pick.request.gateway.body.count, hit: choice.primaryHit)
    let load = director.settings.inFlight
    let output = load.outputTokens(
      promptTokens: choice.request.promptTokens, clientMax: choice.request.maxOutputTokens)
    for (profile, candidate) in choice.targets {
      let hit = choice.hit(of: candidate, by: director.scheduler.plan.inFlightProducer)
      let uncached = max(choice.request.promptTokens - hit.matchedTokens, 0)
      claims.append(
        (profile, InFlightClaim(choice.endpoints[candidate], tokens: uncached + output)))
      director.engines.noteInFlight(choice.endpoints[candidate])
    }
  }

  /// Books what the decision makes likely: reservations, and what approximations learn.
  func follow(_ findings: PromptFindings) {
    var made: [String] = []
    for (_, candidate) in choice.targets {
      made += director.producers.learn(
        choice.known, findings, on: choice.endpoints[candidate], named: director.nextClaim(),
        now: choice.decidedAt)
    }
    director.noteHits(choice)
    let isLate = lock.withLock {
      reservations += made
      return isOver && status != 200
    }
    if isLate { director.producers.cancel(made) }
  }

  // MARK: The response

  func responseBegan(status: Int) {
    lock.withLock { self.status = status }
    // A gateway that can't reach an endpoint answers for it with these.
    if [502, 503, 504].contains(status) { director.engines.noteFailure(of: choice.target) }
  }

  func responseBodyBegan() {
    let keepsTokens = director.settings.inFlight.addEstimatedOutputTokens
    for (profile, claim) in lock.withLock({ claims }) {
      if profile == "prefill" {
        claim.release()
      } else if !keepsTokens {
        claim.releaseTokens()
      }
    }
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
    let (claims, reservations, status, firstTokenSeconds) = lock.withLock {
      isOver = true
      defer { self.claims = [] }
      return (self.claims, self.reservations, self.status, self.firstTokenSeconds)
    }
    for (_, claim) in claims { claim.release() }
    for (_, candidate) in choice.targets {
      director.engines.noteInFlight(choice.endpoints[candidate])
    }
    switch end {
    case .completed(let summary) where status == 200:
      if let usage = summary.usage { learn(usage) }
      pick.metrics.completed(
        seconds: seconds(), firstTokenSeconds: isStream ? firstTokenSeconds : nil,
        usage: summary.usage, bodyBytes: summary.bodyBytes)
    case .completed(let summary):
      takeBack(reservations)
      pick.metrics.failed(status: status, seconds: seconds(), bodyBytes: summary.bodyBytes)
    case .aborted:
      takeBack(reservations)
      pick.metrics.aborted(seconds: seconds())
    case .unobserved:
      pick.metrics.unobserved()
    }
  }

  /// The endpoint did not compute the prompt, as far as one can tell.
  private func takeBack(_ reservations: [String]) {
    director.producers.cancel(reservations)
    for (_, candidate) in choice.targets {
      director.producers.forget(
        choice.known, candidate: candidate, on: choice.endpoints[candidate])
    }
  }

  /// Compares what was predicted with what the engine reused.
  private func learn(_ usage: TokenUsage) {
    guard let cached = usage.cachedTokens, let target = choice.result.primary.targets.first else {
      return
    }
    director.producers.delivered(
      cached, of: choice.known, promptTokens: usage.promptTokens ?? choice.request.promptTokens,
      candidate: target, on: choice.endpoints[target], now: MonotonicClock.nowNanoseconds())
    pick.metrics.predicted(choice.primaryHit, delivered: cached)
  }

  private var isStream: Bool { pick.request.inference?.isStream ?? false }

  private func seconds() -> Double {
    Double(MonotonicClock.nowNanoseconds() &- pick.startedAt) / 1e9
  }
}
