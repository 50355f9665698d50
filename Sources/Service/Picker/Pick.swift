import EPPScorer

/// A request on its way to a decision.
struct Pick: Sendable {
  let request: ParsedRequest
  let startedAt: UInt64
  let metrics: RequestMetricsRow

  private static let fairnessHeader = "x-llm-d-inference-fairness-id"

  init(_ request: ParsedRequest, metrics: PickerMetrics) {
    self.request = request
    startedAt = request.gateway.receivedNanoseconds
    self.metrics = metrics.row(
      model: request.clientModel, target: request.targetModel,
      fairness: request.gateway.headers[Self.fairnessHeader] ?? "default-flow", priority: 0)
  }
}

/// What was decided for a request, and from what.
struct Choice: Sendable {
  var result: SchedulingResult
  /// In the order of the pool's candidates.
  var endpoints: [PickerEndpoint]
  var pool: CandidatePool
  var request: SchedulingRequest
  var known: KnownPrompt
  var defaultProducer: Int?
  /// When producers had been asked, and when the plan had run, in monotonic nanoseconds.
  var matchedAt: UInt64
  var decidedAt: UInt64

  /// The endpoints that the profiles chose, each with its profile's name; the primary's first.
  var targets: [(profile: String, candidate: Int)] {
    ([result.primary] + result.others).compactMap { profile in
      profile.targets.first.map { (profile.name, $0) }
    }
  }

  /// What a producer said of a candidate; nil asks the default one.
  func hit(of candidate: Int, by producer: Int?) -> PrefixHit {
    guard let producer = producer ?? defaultProducer else { return .unknown }
    return pool[producer: producer, candidate]
  }

  /// The endpoint that the request goes to.
  var target: PickerEndpoint { endpoints[result.primary.targets[0]] }

  /// What was said of the endpoint that the request goes to.
  var primaryHit: PrefixHit { hit(of: result.primary.targets[0], by: nil) }
}
