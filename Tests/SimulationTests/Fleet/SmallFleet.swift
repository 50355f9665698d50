@testable import Simulation

/// A fleet whose cache is too small for its traffic, and has time enough to serve it.
enum SmallFleet {
  static var scenario: Scenario {
    var scenario = Scenario(engines: 4, capacityBlocks: 120)
    scenario.times.prefillTokensPerSecond = 24_000
    return scenario
  }

  static func trace(seed: UInt64, requests: Int = 800) -> Trace {
    var workload = SharedPromptsWorkload(fleet: scenario)
    workload.groups = 16
    workload.answerTokens = 100
    workload.rates = 2...2
    workload.requests = requests
    var random = SplitMix64(seed: seed)
    return workload.trace(&random)
  }

  static func run(
    _ policy: RoutingPolicy, under stress: Stress = .base, seed: UInt64 = 1,
    _ change: (inout Scenario) -> Void = { _ in }
  ) -> RunResult {
    var scenario = Self.scenario
    stress.apply(to: &scenario)
    change(&scenario)
    var simulation = FleetSimulation(
      trace(seed: seed), scenario, policy, plan: RoutingPlan.cost.plan, seed: seed)
    return simulation.run()
  }
}
