/// What is at hand while a profile runs.
public struct SchedulingContext: ~Copyable {
  public let request: SchedulingRequest
  public let pool: CandidatePool
  /// In monotonic nanoseconds.
  public let now: UInt64
  /// What earlier requests left behind.
  public internal(set) var memory: SchedulerMemory
  /// The profile that runs.
  public internal(set) var profile = ""
  /// The name of the plugin that is asked.
  public internal(set) var plugin = ""
  private let defaultProducer: Int?
  private let inFlightProducer: Int?

  init(
    request: SchedulingRequest, pool: CandidatePool, now: UInt64, memory: SchedulerMemory,
    plan: SchedulingPlan
  ) {
    self.request = request
    self.pool = pool
    self.now = now
    self.memory = memory
    defaultProducer = plan.defaultProducer
    inFlightProducer = plan.inFlightProducer ?? plan.defaultProducer
  }

  /// What every random choice draws from.
  public var random: RandomStream {
    get { memory.random }
    set { memory.random = newValue }
  }

  /// The producer of that name, or the default one; nil when the pool knows neither.
  public func producer(named name: String?) -> Int? {
    guard let name else { return defaultProducer }
    return pool.producers.firstIndex(of: name)
  }

  /// What a producer says of a candidate; unknown without one.
  public func hit(of candidate: Int, by producer: Int?) -> PrefixHit {
    guard let producer, pool.producers.indices.contains(producer) else { return .unknown }
    return pool[producer: producer, candidate]
  }

  /// What the plan's default producer says of a candidate.
  public func hit(of candidate: Int) -> PrefixHit { hit(of: candidate, by: defaultProducer) }

  /// Tokens of the prompt that a candidate would have to compute; all where nothing is known.
  ///
  /// What is reserved counts as cached: by the request's turn it will be. Without that a burst of
  /// requests with one prefix is spread over endpoints that all compute it.
  public func uncachedTokens(of candidate: Int) -> Int {
    max(request.promptTokens - hit(of: candidate, by: inFlightProducer).predictedTokens, 0)
  }
}
