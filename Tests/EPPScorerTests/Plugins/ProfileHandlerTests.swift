import EPPScorer
import Testing

@Suite struct ProfileHandlerTests {
  private let pool = CandidatePool([Scenario.candidate("a"), Scenario.candidate("b")])

  private func run(
    _ plan: SchedulingPlan, headers: [(String, String)] = []
  ) throws(SchedulingFailure) -> SchedulingResult {
    var memory = SchedulerMemory(seed: 1)
    let request = SchedulingRequest(headers: RequestHeaders(headers.map { ($0.0, $0.1) }))
    return try Scheduler(plan).schedule(request, pool, now: 0, memory: &memory)
  }

  @Test func `the only profile decides`() throws {
    let result = try run(Scenario.plan())
    #expect(result.primary.name == "default" && result.primary.targets.count == 1)
    #expect(result.decision == nil && result.headers.isEmpty && result.others.isEmpty)
  }

  @Test func `the sidecar gets the request and the rank that was picked`() throws {
    let result = try run(Scenario.plan(handler: DataParallelProfileHandler(primaryPort: 9000)))
    #expect(result.destinationPort == 9000)
    #expect(
      result.headers == [.init(name: "x-data-parallel-host-port", value: "10.0.0.1:8000")])
  }

  @Test func `a header names the profile`() throws {
    let plan = SchedulingPlan(
      profiles: [Scenario.profile("decode"), Scenario.profile("other")],
      handler: .init("handler", HeaderProfileHandler()))
    #expect(plan.faults.isEmpty)
    #expect(try run(plan).primary.name == "decode")
    #expect(try run(plan, headers: [("epp-profile", "other")]).primary.name == "other")
    #expect(throws: SchedulingFailure.refused("there is no profile 'none'")) {
      try run(plan, headers: [("epp-profile", "none")])
    }
  }

  @Test func `a plan's faults say what is missing`() {
    #expect(Scenario.plan().faults.isEmpty)
    let none = SchedulingPlan(profiles: [], handler: .init("h", SingleProfileHandler()))
    #expect(
      none.faults == [
        "There is no scheduling profile.", "single-profile-handler runs one profile, not 0.",
      ])
    let twins = SchedulingPlan(
      profiles: [Scenario.profile("a"), Scenario.profile("a")],
      handler: .init("h", HeaderProfileHandler(defaultProfile: "b")))
    #expect(
      twins.faults == [
        "There are two profiles 'a'.",
        "header-profile-handler runs profile 'b', which does not exist.",
      ])
    var readers = Scenario.plan(scorers: [
      (PrefixCacheScorer(prefixMatchInfoProducerName: "x"), .nan)
    ])
    readers.inFlightProducer = 3
    #expect(
      readers.faults == [
        "The weight of 'prefix-cache-scorer' is not a number.",
        "There is no producer 3 among 1.",
        "'prefix-cache-scorer' reads 'x', which produces no prefix matches.",
      ])
    let handler = DisaggProfileHandler(
      order: .prefillFirst, decodeProfile: "d", prefillDecider: "pd")
    let disagg = SchedulingPlan(
      profiles: [Scenario.profile("prefill")], handler: .init("h", handler))
    #expect(
      disagg.faults == [
        "disagg-profile-handler decodes with profile 'd', which does not exist.",
        "disagg-profile-handler asks decider 'pd', which does not exist.",
        "disagg-profile-handler asks no decider of prefill where prefill-first: prefill always runs.",
      ])
  }

  @Test func `a plan with faults refuses requests and is no trap`() {
    let none = SchedulingPlan(profiles: [], handler: .init("h", SingleProfileHandler()))
    #expect(throws: SchedulingFailure.refused("the plan has no profile")) { try run(none) }
  }
}
