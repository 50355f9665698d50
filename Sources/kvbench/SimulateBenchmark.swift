import EPPScorer
import Simulation

/// A whole run of `kvindexer simulate`, by the block of a prompt: routing, engines and events.
enum SimulateBenchmark {
  static func run(_ scale: Scale, _ report: inout Report) {
    let fleet = Scenario(
      engines: 8, capacityBlocks: scale.size(3_000, smoke: 300))
    report.begin(
      "simulate",
      "a run over \(fleet.capacities.count) engines of \(fleet.capacities[0]) blocks, 1 router, "
        + "events 50 ms late; per block of a prompt")
    for workload in Workload.allCases {
      let trace = workload.trace(seed: scale.seed, fleet: fleet)
      for policy in [RoutingPolicy.precise, .approximate] {
        let name = "\(workload.rawValue), \(policy.rawValue)"
        if scale.wants(name) { time(name, trace, fleet, policy, scale, &report) }
      }
    }
  }

  private static func time(
    _ name: String, _ trace: Trace, _ fleet: Scenario, _ policy: RoutingPolicy, _ scale: Scale,
    _ report: inout Report
  ) {
    var results: [RunResult] = []
    var best: Samples?
    for _ in 0..<scale.rounds {
      let samples = Stopwatch.sequence(steps: 1) { _ in
        var simulation = FleetSimulation(
          trace, fleet, policy, plan: RoutingPlan.cost.plan, seed: scale.seed)
        results.append(simulation.run())
        return trace.blockCount
      }
      best.keepBest(samples)
    }
    var checksum = Checksum()
    for result in results { report.check(result == results[0], "two equal runs differ") }
    let result = results[0]
    report.check(result.requests == trace.requests.count, "a request was not served")
    report.check(
      result.deliveredBlocks <= trace.blockCount - trace.distinctBlocks,
      "more was reused than any cache holds")
    for number in [result.deliveredBlocks, result.predictedBlocks] + result.computedTokens {
      checksum.add(number)
    }
    report.row(
      name, best ?? Samples([]), unit: "ns", goal: .mean(1_000), checksum: checksum)
  }
}
