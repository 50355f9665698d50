import EPPScorer
import Testing

@Suite struct DisaggregationTests {
  // MARK: Deciders

  @Test(arguments: [
    (threshold: 5, shortest: 0, cached: 8, divides: false), (5, 0, 5, true), (3, 0, 2, true),
    (20, 0, 0, false), (3, 20, 0, false), (3, 10, 0, true), (0, 0, 0, false), (1, 0, 10, false),
  ]) func `a prompt is divided when enough of it is not cached`(
    threshold: Int, shortest: Int, cached: Int, divides: Bool
  ) {
    let decider = PrefixBasedPDDecider(nonCachedTokens: threshold, promptTokens: shortest)
    let request = SchedulingRequest(promptTokens: 10)
    #expect(decider.divides(request, hit: Scenario.hit(cached, of: 10)) == divides)
  }

  @Test func `neither reservations nor tier weights are cached tokens to a decider`() {
    let decider = PrefixBasedPDDecider(nonCachedTokens: 6)
    let request = SchedulingRequest(promptTokens: 10)
    #expect(decider.divides(request, hit: Scenario.hit(4, of: 10, reserved: 6)))
    let slow = PrefixHit(
      basis: .approximate(.configured), matchedTokens: 8, weightedTokens: 2, blockTokens: 10)
    #expect(!decider.divides(request, hit: slow))
  }

  @Test func `where nothing is known a request stays whole, unless it always divides`() {
    let request = SchedulingRequest(promptTokens: 10)
    for hit in [nil, PrefixHit.unknown] {
      #expect(!PrefixBasedPDDecider(nonCachedTokens: 1).divides(request, hit: hit))
      #expect(AlwaysDisaggPDDecider().divides(request, hit: hit))
      #expect(!AlwaysDisaggMultimodalDecider().divides(request, hit: hit))
      let media = SchedulingRequest(hasMedia: true)
      #expect(AlwaysDisaggMultimodalDecider().divides(media, hit: hit))
    }
  }

  // MARK: Profiles

  private static let addresses = ["10.0.0.1:8000", "10.0.0.2:8000", "[fe80::1]:8000"]

  private func pool(_ roles: [String], matched: [Int] = []) -> CandidatePool {
    let hosts = ["10.0.0.1", "10.0.0.2", "fe80::1"]
    let candidates = roles.enumerated().map { index, role in
      Candidate(
        endpoint: Scenario.endpoint(
          "\(index)", labels: ["llm-d.ai/role": role], host: hosts[index % hosts.count]))
    }
    let hits = roles.indices.map {
      Scenario.hit($0 < matched.count ? matched[$0] : 0, of: 96)
    }
    return Scenario.hits(hits, candidates)
  }

  private func plan(
    _ handler: DisaggProfileHandler, encoders: Int = 1, decider: any Decider
  ) -> SchedulingPlan {
    SchedulingPlan(
      profiles: [
        Scenario.profile("decode", filters: [DecodeFilter()], scorers: [(PrefixCacheScorer(), 1)]),
        Scenario.profile("prefill", filters: [PrefillFilter()]),
        Scenario.profile(
          "encode", filters: [EncodeFilter()],
          picker: MaxScorePicker(maxNumOfEndpoints: encoders)),
      ], handler: .init("handler", handler),
      deciders: [.init("pd", decider), .init("media", AlwaysDisaggMultimodalDecider())],
      producers: ["prefix"], defaultProducer: 0)
  }

  private func run(
    _ plan: SchedulingPlan, _ pool: CandidatePool, _ request: SchedulingRequest
  ) throws(SchedulingFailure) -> SchedulingResult {
    var memory = SchedulerMemory(seed: 1)
    return try Scheduler(plan).schedule(request, pool, now: 0, memory: &memory)
  }

  private let request = SchedulingRequest(promptTokens: 100)
  private let decider = PrefixBasedPDDecider(nonCachedTokens: 64)
  private let both = DisaggProfileHandler(prefillDecider: "pd", encodeDecider: "media")

  @Test func `a cold prompt is prefilled elsewhere, a warm one is not`() throws {
    let cold = try run(plan(both, decider: decider), pool(["decode", "prefill"]), request)
    #expect(cold.decision == "prefill-decode" && cold.primary.targets == [0])
    #expect(cold.others.map(\.name) == ["prefill"] && cold.others[0].targets == [1])
    #expect(
      cold.headers == [.init(name: "x-prefiller-host-port", value: Self.addresses[1])])
    #expect(cold.destinationPort == nil && cold.setbacks.isEmpty)

    let warm = try run(
      plan(both, decider: decider), pool(["decode", "prefill"], matched: [48]), request)
    #expect(warm.decision == "decode-only" && warm.others.isEmpty && warm.headers.isEmpty)
  }

  @Test func `the decider looks at the endpoint that decodes`() throws {
    let pool = pool(["decode", "decode", "prefill"], matched: [16, 48, 96])
    let result = try run(plan(both, decider: decider), pool, request)
    #expect(result.primary.targets == [1] && result.decision == "decode-only")
  }

  @Test func `media are encoded elsewhere, by several if so asked`() throws {
    let roles = ["decode", "prefill", "encode", "encode"]
    let media = SchedulingRequest(promptTokens: 100, hasMedia: true)
    let all = try run(plan(both, encoders: 2, decider: decider), pool(roles), media)
    #expect(all.decision == "encode-prefill-decode")
    #expect(all.others.map(\.name) == ["encode", "prefill"])
    let encoders = all.headers.first { $0.name == "x-encoder-hosts-ports" }?.value
    #expect(
      encoders == "[fe80::1]:8000,10.0.0.1:8000" || encoders == "10.0.0.1:8000,[fe80::1]:8000")

    let warm = try run(
      plan(both, decider: decider), pool(roles, matched: [96]), media)
    #expect(warm.decision == "encode-decode" && warm.headers.count == 1)
  }

  @Test func `a profile that finds nobody means that the request stays whole`() throws {
    let result = try run(
      plan(both, decider: AlwaysDisaggPDDecider()), pool(["decode", "decode"]), request)
    #expect(result.decision == "decode-only" && result.headers.isEmpty)
    #expect(result.setbacks == [.filteredOut(profile: "prefill", filter: "prefill-filter")])
  }

  @Test func `without an endpoint that decodes there is nowhere to go`() {
    for order in DisaggProfileHandler.StageOrder.allCases {
      let handler = DisaggProfileHandler(order: order)
      #expect(throws: SchedulingFailure.filteredOut(profile: "decode", filter: "decode-filter")) {
        try run(plan(handler, decider: decider), pool(["prefill", "encode"]), request)
      }
    }
  }

  @Test func `without a decider nothing is divided, except where prefill comes first`() throws {
    let roles = ["decode", "prefill", "encode"]
    let media = SchedulingRequest(promptTokens: 100, hasMedia: true)
    let whole = try run(plan(DisaggProfileHandler(), decider: decider), pool(roles), media)
    #expect(whole.decision == "decode-only")
    let first = DisaggProfileHandler(order: .prefillFirst, encodeDecider: "media")
    let divided = try run(plan(first, decider: decider), pool(roles), media)
    #expect(divided.decision == "encode-prefill-decode" && divided.primary.name == "decode")
    #expect(divided.others.map(\.name) == ["prefill", "encode"])
  }

  @Test func `a profile that the plan does not have is left out`() throws {
    var plan = plan(both, decider: AlwaysDisaggPDDecider())
    plan.profiles.removeAll { $0.name == "prefill" }
    #expect(plan.faults.isEmpty)
    let result = try run(plan, pool(["decode", "prefill"]), request)
    #expect(result.decision == "decode-only" && result.setbacks.isEmpty)
  }

  @Test func `a primary port sends the request to the sidecar and tells it the rank`() throws {
    var handler = both
    handler.primaryPort = 8200
    let result = try run(
      plan(handler, decider: decider), pool(["prefill", "x", "decode"]), request)
    #expect(result.destinationPort == 8200 && result.decision == "prefill-decode")
    #expect(
      result.headers.contains(.init(name: "x-data-parallel-host-port", value: Self.addresses[2])))
  }
}
