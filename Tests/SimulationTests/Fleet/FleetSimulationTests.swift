import Testing

@testable import Simulation

@Suite struct FleetSimulationTests {
  @Test(arguments: RoutingPolicy.allCases)
  func `Equal seeds give equal results, down to every first token`(policy: RoutingPolicy) {
    let first = SmallFleet.run(policy, under: .everything)
    #expect(first == SmallFleet.run(policy, under: .everything))
    #expect(first != SmallFleet.run(policy, under: .everything, seed: 2))
  }

  @Test(arguments: RoutingPolicy.allCases, Stress.allCases)
  func `Every request is served once, whatever goes wrong`(
    policy: RoutingPolicy, stress: Stress
  ) {
    let trace = SmallFleet.trace(seed: 1)
    let result = SmallFleet.run(policy, under: stress)
    #expect(result.requests == trace.requests.count)
    #expect(result.blocks == trace.blockCount)
    #expect(result.firstTokenSeconds.count == result.requests)
    #expect(result.promptTokens == trace.promptTokens)
    #expect(result.computedTokens.reduce(0, +) >= trace.promptTokens - result.deliveredTokens)
    #expect((result.predictedOf > 0) == policy.predicts)
  }

  @Test func `A lone request takes as long as its prompt`() {
    var trace = Trace(name: "one", blockTokens: 512)
    trace.append(time: 5, promptTokens: 1_000, outputTokens: 10, blocks: [0, 1])
    trace.append(time: 9_000_000_000, promptTokens: 1_000, outputTokens: 10, blocks: [0, 1])
    var scenario = Scenario(engines: 1, capacityBlocks: 10)
    scenario.times.prefillTokensPerSecond = 1_000
    var simulation = FleetSimulation(
      trace, scenario, .precise, plan: RoutingPlan.cost.plan, seed: 1)
    let result = simulation.run()
    #expect(result.firstTokenSeconds == [0.001, 1])
    #expect(result.deliveredBlocks == 2 && result.predictedBlocks == 2)
    // The last block is not full: no more tokens are reused than there are.
    #expect(result.deliveredTokens == 1_000)
  }

  @Test func `Requests with a prefix on its way rest on reservations`() {
    var trace = Trace(name: "burst", blockTokens: 512)
    for _ in 0..<5 {
      trace.append(time: 0, promptTokens: 2_048, outputTokens: 10, blocks: [0, 1, 2, 3])
    }
    let scenario = Scenario(engines: 1, capacityBlocks: 10)
    var simulation = FleetSimulation(
      trace, scenario, .precise, plan: RoutingPlan.weights.plan, seed: 1)
    let result = simulation.run()
    #expect(result.deliveredBlocks == 16)
    #expect(result.predictedBlocks == 16 && result.underBlocks == 0)
  }

  @Test(arguments: [1, 2, 3])
  func `Events alone predict what engines deliver when requests come one by one`(seed: UInt64) {
    var scenario = SmallFleet.scenario
    scenario.eventDelayNanoseconds = 1_000_000
    var trace = Trace(name: "slow", blockTokens: 512)
    let fast = SmallFleet.trace(seed: seed, requests: 400)
    for (number, request) in fast.requests.enumerated() {
      trace.append(
        time: UInt64(number) * 5_000_000_000, promptTokens: request.promptTokens,
        outputTokens: 10, blocks: fast.ids[request.blocks])
    }
    var simulation = FleetSimulation(
      trace, scenario, .preciseOnly, plan: RoutingPlan.cost.plan, seed: seed)
    let result = simulation.run()
    #expect(result.overBlocks == 0 && result.underBlocks == 0)
    #expect(result.deliveredBlocks > 0)
  }
}
