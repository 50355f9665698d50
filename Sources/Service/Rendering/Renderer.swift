package import Tokenize

/// Turns request bodies into token ids by asking vLLM's render endpoints.
///
/// It keeps what it learned, shares calls between equal requests, avoids renderers that fail, and
/// answers every request by its deadline. Its thread runs from the initialiser until `stop`.
package final class Renderer: @unchecked Sendable {
  package typealias Completion = @Sendable (RenderOutcome) -> Void

  package let metrics = RenderMetrics()
  let settings: RendererSettings
  let transfers: HTTPTransfers
  private let log: Log
  private let lock = Lock()
  private var state: RenderState

  /// Starts to render, and to examine the fixed renderer if there is one.
  ///
  /// - Throws: `HTTPClientError` when libcurl does not start.
  package init(settings: RendererSettings, log: Log) throws(HTTPClientError) {
    self.settings = settings
    self.log = log
    var limits = HTTPTransfers.Limits()
    // A call may get a rival, and an examination must not wait for calls.
    limits.transfersMax = 2 * settings.callsMax + settings.probesMax
    limits.waitingMax = limits.transfersMax
    limits.connectTimeout = settings.connectTimeout
    limits.bodyBytesMax = settings.answerBytesMax
    transfers = try HTTPTransfers(limits: limits)
    state = RenderState(settings, metrics)
    if case .fixed(let endpoint) = settings.target {
      state.pool.replace(with: [endpoint], at: MonotonicClock.nowNanoseconds())
    }
    transfers.start(name: "rendering") { [self] now in tick(at: now) }
  }

  /// Ends all calls, fails every request that waits, and ends the thread.
  ///
  /// Not to be called from a completion.
  package func stop() {
    lock.withLock { state.isStopping = true }
    transfers.stop()
  }

  /// Says which endpoints there are, and examines those that are new.
  ///
  /// They render where the target is `.endpoints`. A fixed renderer is examined again instead:
  /// its token ids have to be those of the endpoints' own tokenizers.
  package func setEndpoints(_ endpoints: [RenderEndpoint]) {
    let now = MonotonicClock.nowNanoseconds()
    lock.withLock {
      switch settings.target {
      case .endpoints:
        state.pool.replace(with: endpoints, at: now)
      case .fixed:
        guard state.references != endpoints else { return }
        state.references = endpoints
        state.pool.probeAll(at: now)
      }
    }
    transfers.wake()
  }

  /// Renders a request and calls `completion` once, by its deadline.
  ///
  /// - Parameter completion: Called at once where the answer is known or there can be none, else
  ///   on the renderer's thread; it has to be quick.
  package func render(_ request: RenderRequest, completion: @escaping Completion) {
    let now = MonotonicClock.nowNanoseconds()
    let waiter = RenderWaiter(
      key: TokenCache.Key(request.key, scope: Self.scope(of: request.model)), request: request,
      startedAt: now, completion: completion)
    var actions: [RenderAction] = []
    let (outcome, isEarliest): (RenderOutcome?, Bool) = lock.withLock {
      if let prompts = state.cache.find(waiter.key, at: now) {
        return (waiter.outcome(.success(prompts), .cache, at: now), false)
      }
      guard request.api.renderPath != nil else {
        return (waiter.outcome(.failure(.unsupported(request.api)), .renderer, at: now), false)
      }
      if let failure = state.begin(waiter, at: now, &actions) {
        return (waiter.outcome(.failure(failure), .renderer, at: now), false)
      }
      return (nil, state.timers.earliest == request.deadline)
    }
    if let outcome {
      complete(waiter, outcome)
    } else {
      perform(actions)
      // The thread sleeps until the deadline that was the earliest before.
      if isEarliest { transfers.wake() }
    }
  }

  /// Every renderer with its state.
  package var reports: [RendererReport] { lock.withLock { state.pool.reports } }

  /// Endpoints whose tokenizers a fixed renderer is compared with.
  var references: [RenderEndpoint] { lock.withLock { state.references } }

  package var cacheStatistics: TokenCache.Statistics { lock.withLock { state.cache.statistics } }

  // MARK: Doing

  func perform(_ actions: [RenderAction]) {
    for action in actions {
      switch action {
      case .call(let attempt, let endpoint, let request): call(attempt, endpoint, request)
      case .complete(let waiter, let outcome): complete(waiter, outcome)
      case .probe(let id, let endpoint): probe(id, endpoint)
      case .report(let change): report(change)
      }
    }
  }

  private func complete(_ waiter: RenderWaiter, _ outcome: RenderOutcome) {
    metrics.count(outcome)
    waiter.completion(outcome)
  }

  private func call(
    _ attempt: RenderAttempt, _ endpoint: RenderEndpoint, _ request: RenderRequest
  ) {
    guard let path = request.api.renderPath else {
      preconditionFailure("a call for \(request.api), which can't be rendered")
    }
    let body = RenderBody.make(
      request.body, modelRange: request.modelRange, model: settings.modelName,
      hasMedia: request.hasMedia)
    let api = request.api
    post(endpoint.server, path, body, timeout: settings.callTimeout) { [self] reply in
      let result = reply.flatMap { reply in
        Result { () throws(RenderFailure) in
          try RenderAnswer.prompts(api, status: reply.status, body: reply.body)
        }
      }
      update { state, now, actions in state.end(attempt, result, at: now, &actions) }
    }
  }

  /// Posts a body; `completion` gets the answer of any status, or why there is none.
  func post(
    _ server: HTTPClient.Server, _ path: String, _ body: [UInt8], timeout: Duration,
    _ completion: @escaping @Sendable (Result<HTTPClient.Reply, RenderFailure>) -> Void
  ) {
    var call = HTTPCall(server, post: path, json: body)
    call.security = settings.security
    let deadline = MonotonicClock.nowNanoseconds(after: timeout)
    do throws(HTTPClientError) {
      try transfers.send(call, deadline: deadline) { result in
        completion(result.mapError { RenderFailure($0) })
      }
    } catch {
      completion(.failure(RenderFailure(error)))
    }
  }

  /// Changes the state, and then does what it wants done.
  func update(_ change: (inout RenderState, _ now: UInt64, inout [RenderAction]) -> Void) {
    var actions: [RenderAction] = []
    lock.withLock { change(&state, MonotonicClock.nowNanoseconds(), &actions) }
    perform(actions)
  }

  private func tick(at now: UInt64) -> UInt64? {
    var actions: [RenderAction] = []
    let next = lock.withLock { state.tick(at: now, &actions) }
    perform(actions)
    return next
  }

  private func report(_ change: RendererPool.Change) {
    let level: Log.Level =
      switch change.new {
      case .disagrees: .error
      case .ready, .unprobed: .info
      default: .warning
      }
    log(level, "renderer \(change.name): \(change.new)")
  }

  /// Tells models apart in the cache; the seed is the process's own.
  private static func scope(of model: String) -> UInt64 {
    var hasher = Hasher()
    hasher.combine(model)
    return UInt64(bitPattern: Int64(hasher.finalize()))
  }
}

extension RenderFailure {
  /// Why there was no answer, in the words of rendering.
  init(_ error: HTTPClientError) {
    self =
      switch error.kind {
      case .badURL, .badHeader, .connect, .untrusted: .unreachable(error.message)
      case .timedOut: .timedOut
      case .tooLarge: .badAnswer(error.message)
      case .transfer: .broken(error.message)
      case .overloaded: .overloaded
      case .stopped: .stopped
      }
  }
}
