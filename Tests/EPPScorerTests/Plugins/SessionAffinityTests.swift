import Testing

@testable import EPPScorer

@Suite struct SessionAffinityTests {
  private let pool = CandidatePool(["a", "b", "c"].map { Scenario.candidate($0) })
  private let byID = SessionSource.sessionID(
    headers: ["x-session-id", "x-other"], timeToLiveSeconds: 300)

  private func request(_ headers: (String, String)...) -> SchedulingRequest {
    SchedulingRequest(headers: RequestHeaders(headers.map { ($0.0, $0.1) }))
  }

  // MARK: Named by the client

  @Test func `the token of a response brings the next request to the same endpoint`() throws {
    let plugins: [SchedulingPlan] = [
      Scenario.plan(filters: [SessionAffinityFilter()]),
      Scenario.plan(scorers: [(SessionAffinityScorer(), 1)]),
    ]
    for plan in plugins {
      var memory = SchedulerMemory(seed: 5)
      let first = try Scheduler(plan).schedule(request(), pool, now: 0, memory: &memory)
      let token = try #require(first.responseHeaders.first)
      #expect(token.name == "x-session-token" && first.responseHeaders.count == 1)
      for _ in 0..<20 {
        let next = try Scheduler(plan).schedule(
          request(("x-session-token", token.value)), pool, now: 0, memory: &memory)
        #expect(next.primary.targets == first.primary.targets)
        #expect(next.responseHeaders == first.responseHeaders)
      }
    }
  }

  @Test func `a token is the base64 of namespace and name`() throws {
    let scores = try Scenario.scores(
      SessionAffinityScorer(), pool, request(("x-session-token", "ZGVmYXVsdC9i")))
    #expect(scores == [0, 1, 0])
    #expect(EndpointToken.text(of: EndpointID(namespace: "default", name: "b")) == "ZGVmYXVsdC9i")
  }

  @Test(arguments: ["", "n", "ns", "ns/", "a-name", "ein-längerer-name"])
  func `tokens of names of any length are read back`(name: String) {
    let id = EndpointID(namespace: "ns", name: name)
    let token = EndpointToken.text(of: id)
    #expect(token.utf8.count.isMultiple(of: 4))
    #expect(EndpointToken.endpoint(of: token) == id)
  }

  @Test(arguments: ["", "=", "====", "ZGVm", "ZGVmYXVsdC9", "Z%VmYXVsdC9i", "ZGVmYXVsdC9nb25l"])
  func `a token that names no candidate changes nothing`(token: String) throws {
    let request = request(("x-session-token", token))
    #expect(Scenario.kept(SessionAffinityFilter(), pool, request) == [0, 1, 2])
    #expect(try Scenario.scores(SessionAffinityScorer(), pool, request) == [0, 0, 0])
    let long = String(repeating: "ZGVm", count: 10_000)
    #expect(EndpointToken.endpoint(of: long) == nil)
  }

  @Test func `the token names who decodes, not who prefills`() throws {
    let plan = SchedulingPlan(
      profiles: ["prefill", "decode"].map {
        Scenario.profile($0, filters: [SessionAffinityFilter()])
      },
      handler: .init("h", DisaggProfileHandler(prefillDecider: "pd")),
      deciders: [.init("pd", AlwaysDisaggPDDecider())])
    for seed in 0..<10 {
      var memory = SchedulerMemory(seed: UInt64(seed))
      let result = try Scheduler(plan).schedule(request(), pool, now: 0, memory: &memory)
      let id = pool.candidates[result.primary.targets[0]].endpoint.id
      #expect(result.responseHeaders.map(\.value) == [EndpointToken.text(of: id)])
    }
  }

  // MARK: Remembered here

  @Test func `a session stays until its time is over, and each request renews it`() throws {
    let scheduler = Scheduler(Scenario.plan(filters: [SessionAffinityFilter(source: byID)]))
    var memory = SchedulerMemory(seed: 1)
    let request = request(("x-session-id", "s1"))
    let first = try scheduler.schedule(request, pool, now: 0, memory: &memory)
    #expect(first.responseHeaders.isEmpty)
    scheduler.remember(request, first, pool, now: 0, memory: &memory)
    func kept(at seconds: UInt64) throws -> [Int] {
      try scheduler.schedule(request, pool, now: seconds * 1_000_000_000, memory: &memory)
        .primary.scores.candidates
    }
    #expect(try kept(at: 299) == first.primary.targets)
    scheduler.remember(request, first, pool, now: 299_000_000_000, memory: &memory)
    #expect(try kept(at: 598) == first.primary.targets)
    #expect(try kept(at: 599) == [0, 1, 2])
  }

  @Test func `the first header that is there names the session`() throws {
    let scheduler = Scheduler(
      Scenario.plan(scorers: [(SessionAffinityScorer(source: byID), 1)]))
    var memory = SchedulerMemory(seed: 1)
    let both = request(("x-other", "o"), ("x-session-id", "s"))
    let first = try scheduler.schedule(both, pool, now: 0, memory: &memory)
    scheduler.remember(both, first, pool, now: 0, memory: &memory)
    let cases = [
      (request(("x-session-id", "s")), true), (request(("x-other", "o")), false),
      (request(("x-other", "s")), false), (request(("x-session-id", ""), ("x-other", "s")), false),
      (request(), false),
    ]
    for (request, isKnown) in cases {
      let result = try scheduler.schedule(request, pool, now: 1, memory: &memory)
      #expect(result.primary.scores.totals.contains(1) == isKnown)
    }
  }

  @Test func `each profile knows who served the session in it`() throws {
    let plan = SchedulingPlan(
      profiles: ["prefill", "decode"].map {
        Scenario.profile(
          $0, filters: [SessionAffinityFilter(source: byID)], picker: RandomPicker())
      },
      handler: .init("h", DisaggProfileHandler(prefillDecider: "pd")),
      deciders: [.init("pd", AlwaysDisaggPDDecider())])
    let scheduler = Scheduler(plan)
    var memory = SchedulerMemory(seed: 4)
    let request = request(("x-session-id", "s"))
    let first = try scheduler.schedule(request, pool, now: 0, memory: &memory)
    scheduler.remember(request, first, pool, now: 0, memory: &memory)
    for _ in 0..<10 {
      let next = try scheduler.schedule(request, pool, now: 1, memory: &memory)
      #expect(next.primary.targets == first.primary.targets)
      #expect(next.others.map(\.targets) == first.others.map(\.targets))
    }
  }

  @Test func `sessions are bounded, and forgetting one before its time is counted`() {
    var memory = SchedulerMemory(seed: 1)
    let id = EndpointID(namespace: "n", name: "e")
    func key(_ number: Int) -> SessionKey {
      SessionKey(profile: "p", header: "h", id: "\(number)")
    }
    let most = SchedulerMemory.sessionsMax
    for number in 0..<most { memory.noteSession(key(number), on: id, until: 100, now: 0) }
    #expect(memory.sessionsForgotten == 0)
    memory.noteSession(key(most), on: id, until: 100, now: 0)
    #expect(memory.sessionsForgotten == 1)
    #expect(memory.endpoint(ofSession: key(0), now: 0) == nil)
    #expect(memory.endpoint(ofSession: key(1), now: 0) == id)
    memory.noteSession(key(most + 1), on: id, until: 200, now: 150)
    #expect(memory.sessionsForgotten == 1)
  }

  @Test func `a time to live without end does not overflow`() throws {
    let source = SessionSource.sessionID(headers: ["h"], timeToLiveSeconds: .max)
    let scheduler = Scheduler(Scenario.plan(filters: [SessionAffinityFilter(source: source)]))
    var memory = SchedulerMemory(seed: 1)
    let request = request(("h", "s"))
    let first = try scheduler.schedule(request, pool, now: .max - 1, memory: &memory)
    scheduler.remember(request, first, pool, now: .max - 1, memory: &memory)
    let next = try scheduler.schedule(request, pool, now: .max - 1, memory: &memory)
    #expect(next.primary.scores.candidates == first.primary.targets)
  }
}
