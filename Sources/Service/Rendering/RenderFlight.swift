import Tokenize

/// A request that waits for its tokens.
struct RenderWaiter {
  var key: TokenCache.Key
  var request: RenderRequest
  var startedAt: UInt64
  var completion: @Sendable (RenderOutcome) -> Void

  func outcome(
    _ prompts: Result<[RenderedPrompt], RenderFailure>, _ origin: RenderOutcome.Origin,
    at now: UInt64
  ) -> RenderOutcome {
    RenderOutcome(
      prompts: prompts, origin: origin, elapsed: .nanoseconds(Int64(clamping: now - startedAt)))
  }
}

/// A prompt that is being rendered, for everyone who wants it.
struct RenderFlight {
  /// Tells it from an earlier one of the same key.
  let id: UInt64
  /// The waiter whose body is sent; its deadline decides when a renderer is late.
  var starter: UInt64
  /// Whose body is sent, also after that waiter gave up.
  var request: RenderRequest
  /// In the order in which they came.
  var waiters: [UInt64]
  /// Calls under way, by number, and whom they ask.
  var outstanding: [UInt64: RendererID] = [:]
  /// Renderers that were called.
  var tried: [RendererID] = []
}

/// A call under way.
struct RenderAttempt {
  let number: UInt64
  let flight: UInt64
  let key: TokenCache.Key
  let api: InferenceAPI
  let renderer: RendererID
  let startedAt: UInt64
}

/// What the state wants done, outside of its lock.
enum RenderAction {
  case call(RenderAttempt, RenderEndpoint, RenderRequest)
  case complete(RenderWaiter, RenderOutcome)
  case probe(RendererID, RenderEndpoint)
  case report(RendererPool.Change)
}
