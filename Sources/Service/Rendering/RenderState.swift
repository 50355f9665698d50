import Tokenize

/// Everything that rendering keeps in mind: cache, calls, waiting requests and renderers.
///
/// A value without I/O: it is told what happened and when, and its owner does what it then wants
/// done. A request's life:
///
///     begin ──in the cache──▶ answered          ┌──another renderer, once──┐
///       │                                       ▼                          │
///       ├──equal one under way──▶ waits for it: call ──failed or hesitates─┘
///       ├──nobody can render──▶ failed            │
///       └──▶ waits for its own call ──────────────┴──answered──▶ cache, all who wait
///                                 deadline ──▶ failed; the call goes on for the cache
struct RenderState {
  enum Timer {
    /// The deadline of a waiter.
    case deadline(waiter: UInt64)
    /// When a second renderer is called if the first has not answered.
    case hesitation(TokenCache.Key, flight: UInt64)
  }

  let settings: RendererSettings
  let metrics: RenderMetrics
  var cache: TokenCache
  var pool: RendererPool
  var flights: [TokenCache.Key: RenderFlight] = [:]
  var waiters: [UInt64: RenderWaiter] = [:]
  var timers = DeadlineHeap<Timer>()
  /// Calls whose renderer was already blamed for being late.
  var blamed: Set<UInt64> = []
  /// Tokenizers to compare the fixed renderer's ids with.
  var references: [RenderEndpoint] = []
  var isStopping = false
  private var callsUnderWay = 0
  private var bodyBytes = 0
  private var nextNumber: UInt64 = 0

  init(_ settings: RendererSettings, _ metrics: RenderMetrics) {
    self.settings = settings
    self.metrics = metrics
    cache = TokenCache(bytesMax: settings.cacheBytesMax, ageMax: settings.cacheAgeMax)
    pool = RendererPool(settings.breaker, probesMax: settings.probesMax)
  }

  mutating func number() -> UInt64 {
    defer { nextNumber += 1 }
    return nextNumber
  }

  // MARK: Requests

  /// Takes a request that is not in the cache.
  ///
  /// - Returns: Why it failed at once; nil when it waits.
  mutating func begin(
    _ waiter: RenderWaiter, at now: UInt64, _ actions: inout [RenderAction]
  ) -> RenderFailure? {
    let request = waiter.request
    guard !isStopping else { return .stopped }
    guard request.deadline > now else { return .timedOut }
    guard waiters.count < settings.waitersMax,
      bodyBytes + request.body.count <= settings.bodyBytesMax
    else { return .overloaded }
    if let flight = flights[waiter.key] { return join(flight, waiter, at: now, &actions) }
    guard callsUnderWay < settings.callsMax else { return .overloaded }
    guard let member = pool.pick(for: request, at: now) else {
      return pool.absence(for: request, at: now)
    }
    let id = add(waiter)
    flights[waiter.key] = RenderFlight(
      id: number(), starter: id, request: request, waiters: [id])
    call(member, waiter.key, at: now, &actions)
    return nil
  }

  /// Has a request wait for the call of an equal one, or for a better one if that call is late.
  private mutating func join(
    _ flight: RenderFlight, _ waiter: RenderWaiter, at now: UInt64,
    _ actions: inout [RenderAction]
  ) -> RenderFailure? {
    let isLate = flight.outstanding.keys.allSatisfy(blamed.contains)
    if isLate, !pool.hasReady(for: waiter.request, at: now) {
      return pool.absence(for: waiter.request, at: now)
    }
    let id = add(waiter)
    flights[waiter.key]?.waiters.append(id)
    if isLate { retry(waiter.key, at: now, &actions) }
    return nil
  }

  private mutating func add(_ waiter: RenderWaiter) -> UInt64 {
    let id = number()
    waiters[id] = waiter
    bodyBytes += waiter.request.body.count
    timers.insert(.deadline(waiter: id), at: waiter.request.deadline)
    return id
  }

  /// Ends the wait of `id`, if it waits still.
  mutating func removeWaiter(_ id: UInt64) -> RenderWaiter? {
    guard let waiter = waiters.removeValue(forKey: id) else { return nil }
    bodyBytes -= waiter.request.body.count
    return waiter
  }

  // MARK: Calls

  /// Calls `member` for the flight of `key`; the first call of a flight may get a rival.
  mutating func call(
    _ member: RendererPool.Member, _ key: TokenCache.Key, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    guard var flight = flights[key] else { return }
    let attempt = RenderAttempt(
      number: number(), flight: flight.id, key: key, api: flight.request.api,
      renderer: member.id, startedAt: now)
    callsUnderWay += 1
    flight.outstanding[attempt.number] = member.id
    flight.tried.append(member.id)
    flights[key] = flight
    if flight.tried.count == 1, flight.request.deadline > now {
      let half = now + (flight.request.deadline - now) / 2
      timers.insert(.hesitation(key, flight: flight.id), at: half)
    }
    actions.append(.call(attempt, member.endpoint, flight.request))
  }

  /// Takes the end of a call.
  mutating func end(
    _ attempt: RenderAttempt, _ result: Result<[RenderedPrompt], RenderFailure>, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    callsUnderWay -= 1
    let wasBlamed = blamed.remove(attempt.number) != nil
    let latency = now - attempt.startedAt
    switch result {
    case .success(let prompts):
      pool.answered(attempt.renderer, after: latency, isLate: wasBlamed, at: now)
      metrics.calls[.answered].add()
      metrics.callLatency.observe(Double(latency) / 1e9)
      cache.insert(attempt.key, prompts, at: now)
      land(attempt, result, at: now, &actions)
    case .failure(let failure):
      metrics.count(failure)
      if !wasBlamed { blame(attempt.renderer, failure, attempt.api, at: now, &actions) }
      fail(attempt, failure, at: now, &actions)
    }
  }

  func flight(of attempt: RenderAttempt) -> RenderFlight? {
    flights[attempt.key].flatMap { $0.id == attempt.flight ? $0 : nil }
  }

  /// Ends the flight of `attempt`, and with it the wait of all who share it.
  mutating func land(
    _ attempt: RenderAttempt, _ result: Result<[RenderedPrompt], RenderFailure>, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    guard let flight = flight(of: attempt) else { return }
    flights[attempt.key] = nil
    if flight.waiters.isEmpty, case .success = result { metrics.lateAnswers.add() }
    for id in flight.waiters {
      guard let waiter = removeWaiter(id) else { continue }
      let origin: RenderOutcome.Origin = id == flight.starter ? .renderer : .shared
      actions.append(.complete(waiter, waiter.outcome(result, origin, at: now)))
    }
  }

  mutating func blame(
    _ renderer: RendererID, _ failure: RenderFailure, _ api: InferenceAPI, at now: UInt64,
    _ actions: inout [RenderAction]
  ) {
    if let change = pool.failed(renderer, failure, api, at: now) {
      actions.append(.report(change))
    }
  }
}
