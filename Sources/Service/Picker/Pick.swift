import EPPScorer

/// A request on its way to a decision.
struct Pick: Sendable {
  let request: ParsedRequest
  let startedAt: UInt64
  let metrics: RequestMetricsRow
  /// Nil when the request is not traced.
  let trace: RequestTrace?

  private static let fairnessHeader = "x-llm-d-inference-fairness-id"

  init(_ request: ParsedRequest, metrics: PickerMetrics, tracer: Tracer? = nil) {
    self.request = request
    startedAt = request.gateway.receivedNanoseconds
    trace = tracer?.begin(request.gateway.headers[TraceContext.header], start: startedAt)
    self.metrics = metrics.row(
      model: request.clientModel, target: request.targetModel,
      fairness: request.gateway.headers[Self.fairnessHeader] ?? "default-flow", priority: 0)
  }
}

/// What was decided for a request, and from what.
struct Choice: Sendable {
  /// The endpoint that a profile chose.
  struct Target: Sendable {
    /// An index into the pool.
    var candidate: Int
    var endpoint: PickerEndpoint
    /// Whether it will hold the prompt; who encodes media does not.
    var holdsPrompt: Bool
  }

  let result: SchedulingResult
  /// In the order of the pool's candidates.
  let endpoints: [PickerEndpoint]
  /// Of the profiles that ran; the first is where the request goes.
  let targets: [Target]
  let pool: CandidatePool
  let request: SchedulingRequest
  let known: KnownPrompt
  private let defaultProducer: Int?
  /// When producers had been asked, and when the plan had run, in monotonic nanoseconds.
  let matchedAt: UInt64
  let decidedAt: UInt64

  init(
    _ result: SchedulingResult, of plan: SchedulingPlan, _ endpoints: [PickerEndpoint],
    _ pool: CandidatePool, _ request: SchedulingRequest, _ known: KnownPrompt, matchedAt: UInt64
  ) {
    self.result = result
    self.endpoints = endpoints
    self.pool = pool
    self.request = request
    self.known = known
    self.matchedAt = matchedAt
    decidedAt = MonotonicClock.nowNanoseconds()
    defaultProducer = plan.defaultProducer
    let encode = (plan.handler.plugin as? DisaggProfileHandler)?.encodeProfile
    targets = ([result.primary] + result.others).map { profile in
      let candidate = profile.targets[0]
      return Target(
        candidate: candidate, endpoint: endpoints[candidate], holdsPrompt: profile.name != encode)
    }
  }

  /// Where the request goes.
  var target: Target { targets[0] }

  /// What a producer said of a target; nil asks the default one.
  func hit(of target: Target, by producer: Int? = nil) -> PrefixHit {
    hit(ofCandidate: target.candidate, by: producer)
  }

  /// What a producer said of a candidate; nil asks the default one.
  func hit(ofCandidate candidate: Int, by producer: Int? = nil) -> PrefixHit {
    guard let producer = producer ?? defaultProducer else { return .unknown }
    return pool[producer: producer, candidate]
  }

  /// What was said of where the request goes.
  var primaryHit: PrefixHit { hit(of: target) }
}
