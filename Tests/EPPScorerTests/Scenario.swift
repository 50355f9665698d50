import EPPScorer

/// Candidates, hits and requests in as few words as tests can say them.
enum Scenario {
  static func endpoint(
    _ name: String, labels: [String: String] = [:], host: String = "10.0.0.1", port: UInt16 = 8000
  ) -> Endpoint {
    Endpoint(
      id: EndpointID(namespace: "default", name: name), host: host, port: port, labels: labels)
  }

  static func candidate(
    _ name: String, labels: [String: String] = [:], requests: Int = 0, tokens: Int = 0,
    _ load: (inout EndpointLoad) -> Void = { _ in }
  ) -> Candidate {
    var candidate = Candidate(
      endpoint: endpoint(name, labels: labels),
      inFlight: InFlightLoad(requests: requests, tokens: tokens))
    load(&candidate.load)
    return candidate
  }

  /// Candidates `0`, `1`, … of these waiting queues.
  static func waiting(_ queues: [Int?]) -> CandidatePool {
    CandidatePool(
      queues.enumerated().map { index, queue in
        candidate("\(index)") { $0.waitingRequests = queue }
      })
  }

  /// Candidates of which one producer, `prefix`, says these hits.
  static func hits(_ hits: [PrefixHit], _ candidates: [Candidate]? = nil) -> CandidatePool {
    var pool = CandidatePool(
      candidates ?? hits.indices.map { candidate("\($0)") }, producers: ["prefix"])
    for (index, hit) in hits.enumerated() { pool[producer: 0, index] = hit }
    return pool
  }

  static func hit(_ matched: Int, of total: Int, reserved: Int = 0) -> PrefixHit {
    PrefixHit(
      basis: .precise(.exact), matchedTokens: matched, reservedTokens: reserved,
      blockTokens: total)
  }

  static func plan(
    filters: [any Filter] = [], scorers: [(any Scorer, Double)] = [],
    picker: any Picker = MaxScorePicker(), handler: any ProfileHandler = SingleProfileHandler()
  ) -> SchedulingPlan {
    SchedulingPlan(
      profiles: [
        profile("default", filters: filters, scorers: scorers, picker: picker)
      ], handler: .init("handler", handler), producers: ["prefix"], defaultProducer: 0)
  }

  static func profile(
    _ name: String, filters: [any Filter] = [], scorers: [(any Scorer, Double)] = [],
    picker: any Picker = MaxScorePicker()
  ) -> SchedulingPlan.Profile {
    SchedulingPlan.Profile(
      name: name, filters: filters.map { .init(type(of: $0).type, $0) },
      scorers: scorers.map { (.init(type(of: $0.0).type, $0.0), $0.1) },
      picker: .init("picker", picker))
  }

  /// What a scorer gives each candidate.
  static func scores(
    _ scorer: any Scorer, _ pool: CandidatePool, _ request: SchedulingRequest = .init(),
    memory: SchedulerMemory = SchedulerMemory(seed: 1), now: UInt64 = 0
  ) throws -> [Double] {
    var memory = memory
    let result = try Scheduler(plan(scorers: [(scorer, 1)]))
      .schedule(request, pool, now: now, memory: &memory)
    return result.primary.scores.map { $0.parts[0] }
  }

  /// Indices of the candidates that a filter keeps; nil when it keeps none.
  static func kept(
    _ filter: any Filter, _ pool: CandidatePool, _ request: SchedulingRequest = .init(),
    seed: UInt64 = 1
  ) -> [Int]? {
    var memory = SchedulerMemory(seed: seed)
    let scheduler = Scheduler(plan(filters: [filter]))
    return try? scheduler.schedule(request, pool, now: 0, memory: &memory)
      .primary.scores.candidates
  }

  static func areEqual(_ values: [Double], _ expected: [Double]) -> Bool {
    values.count == expected.count
      && zip(values, expected).allSatisfy { abs($0 - $1) < 1e-12 }
  }
}
