import EPPScorer
import Testing

@testable import Service

/// Engines that go away, and what they say of their caches.
@Suite(.serialized) struct EngineHealthTests {
  private static let plan = Plans.plan(
    ["{type: approx-prefix-cache-producer}", "{type: active-request-scorer}"],
    profile: "active-request-scorer")

  private func wait(_ fleet: PickerFleet, up count: Int) throws {
    try Deadline.wait { fleet.harness.director.pool.endpoints.count { $0.isUp } == count }
  }

  @Test func `nothing goes to an engine that is gone, unless all are`() throws {
    let fleet = try PickerFleet(2, Self.plan, readsEngines: true)
    let harness = fleet.harness
    let pool = harness.director.pool
    try Deadline.wait { pool.endpoints.allSatisfy { $0.cache != nil } }
    var destinations: Set<String> = []
    for number in 0..<2 { destinations.insert(try harness.route(Plans.text(number)).destination) }
    #expect(destinations == [fleet.address(0), fleet.address(1)])
    fleet.servers[0].kill()
    // The gateway's failure to connect has it looked at.
    let failed = try harness.route(Plans.text(2), subset: [fleet.address(0)])
    failed.exchange.responseBegan(status: 503)
    failed.exchange.ended(.completed(ResponseSummary(usage: nil, bodyBytes: 0)))
    try wait(fleet, up: 1)
    for number in 3..<9 {
      #expect(try harness.route(Plans.text(number)).destination == fleet.address(1))
    }
    #expect(try harness.metric(#"kvindexer_epp_endpoints{state="down"}"#) == 1)
    fleet.servers[1].kill()
    try wait(fleet, up: 0)
    // What the picker thinks may be wrong.
    destinations = []
    for number in 9..<32 { destinations.insert(try harness.route(Plans.text(number)).destination) }
    #expect(destinations == [fleet.address(0), fleet.address(1)])
  }

  @Test func `what an engine says of its cache is what is believed of it`() throws {
    let fleet = try PickerFleet(1, Self.plan, readsEngines: true)
    let harness = fleet.harness
    // 513 blocks of 16 tokens are 128 of 64.
    let long = Plans.text(1, blocks: 200)
    try Deadline.wait {
      try harness.route(long).complete()
      return harness.believed > 0 && harness.believed <= 128
    }
    #expect(harness.believed == 128)
  }
}
