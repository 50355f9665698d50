package import EPPScorer

/// What is to be compared: requests × policies × stresses × seeds, as runs that need nothing of
/// each other.
package struct Study: Sendable {
  /// Where requests come from.
  package enum Source: Sendable {
    case trace(Trace)
    case workload(Workload)

    /// What reports call it.
    package var name: String {
      switch self {
      case .trace(let trace): trace.name
      case .workload(let workload): workload.rawValue
      }
    }

    /// The requests of a seed.
    package func trace(seed: UInt64, fleet: Scenario) -> Trace {
      switch self {
      case .trace(let trace): trace.spread(seed: seed)
      case .workload(let workload): workload.trace(seed: seed, fleet: fleet)
      }
    }
  }

  /// One run.
  package struct Run: Sendable {
    let policy: RoutingPolicy
    let scenario: Scenario
    /// A position among the seeds.
    let seed: Int
  }

  /// Blocks over all engines that a fleet which never evicts may need.
  package static let infiniteBlocksMax = 24 << 20

  package let source: Source
  package let fleet: Scenario
  package let policies: [RoutingPolicy]
  package let stresses: [Stress]
  package let planName: String
  package let plan: SchedulingPlan
  /// By seed.
  package let traces: [Trace]
  /// All that have to be made; stresses share those that a stress makes no difference to.
  package private(set) var runs: [Run] = []
  /// Shape `[stresses][policies][seeds]`: positions in `runs`.
  private var places: [[[Int]]] = []

  /// Plans a study.
  ///
  /// - Parameters:
  ///   - stresses: `.base` is added where it is missing: the ladder is made of it.
  ///   - seeds: How many, from 1.
  package init(
    _ source: Source, fleet: Scenario, policies: [RoutingPolicy], stresses: [Stress],
    planName: String, plan: SchedulingPlan, seeds: Int
  ) {
    precondition(seeds > 0 && !policies.isEmpty, "\(seeds) seeds of \(policies.count) policies")
    self.source = source
    self.fleet = fleet
    self.policies = policies
    self.stresses = stresses.contains(.base) ? stresses : [.base] + stresses
    self.planName = planName
    self.plan = plan
    traces = (1...UInt64(seeds)).map { source.trace(seed: $0, fleet: fleet) }
    for stress in self.stresses {
      places.append(policies.map { policy in places(of: policy, under: stress) })
    }
  }

  private mutating func places(of policy: RoutingPolicy, under stress: Stress) -> [Int] {
    let scenario = scenario(of: stress).seen(by: policy)
    if let first = runs.firstIndex(where: { $0.policy == policy && $0.scenario == scenario }) {
      return traces.indices.map { first + $0 }
    }
    for seed in traces.indices { runs.append(Run(policy: policy, scenario: scenario, seed: seed)) }
    return traces.indices.map { runs.count - traces.count + $0 }
  }

  private func scenario(of stress: Stress) -> Scenario {
    var scenario = fleet
    stress.apply(to: &scenario)
    return scenario
  }

  /// Why the study can't be run, and what to change; nil when it can.
  package var fault: String? {
    let longest = traces.reduce(0) { max($0, $1.longestPrompt) }
    for stress in stresses {
      let smallest = scenario(of: stress).capacities.min() ?? 0
      if longest > smallest {
        return "the longest prompt has \(longest) blocks and the smallest engine under "
          + "'\(stress.rawValue)' \(smallest): raise --capacity-blocks"
          + (stress == .base ? "" : ", or leave that stress out")
      }
    }
    let distinct = traces.reduce(0) { max($0, $1.distinctBlocks) }
    let blocks = fleet.capacities.count * (distinct + longest)
    if policies.contains(.infinite), blocks > Self.infiniteBlocksMax {
      return "engines that never evict would need \(blocks) blocks, and "
        + "\(Self.infiniteBlocksMax) are simulated at most: leave the policy 'infinite' out"
    }
    return nil
  }

  /// Makes a run; the study must be without a fault.
  package func summary(of run: Run) -> RunFigures {
    var scenario = run.scenario
    // What a policy does not look at was taken out.
    if scenario.believedCapacities.isEmpty { scenario.believedCapacities = scenario.capacities }
    var simulation = FleetSimulation(
      traces[run.seed], scenario, run.policy, plan: plan, seed: UInt64(run.seed) + 1)
    return RunFigures(simulation.run())
  }

  /// Puts the results of all runs together, in their order.
  package func comparison(_ results: [RunFigures]) -> Comparison {
    precondition(results.count == runs.count, "\(results.count) results of \(runs.count) runs")
    let ceilings = traces.map { Ceilings($0, capacity: fleet.totalCapacity) }
    var cells: [Comparison.Cell] = []
    for (row, stress) in stresses.enumerated() {
      for (column, policy) in policies.enumerated() {
        cells.append(
          Comparison.Cell(stress: stress, policy: policy, places[row][column].map { results[$0] }))
      }
    }
    return Comparison(
      parameters: parameters(of: traces[0]), cells: cells,
      workloadCeiling: Spread(ceilings.map(\.workload)),
      fleetCeiling: Spread(ceilings.map(\.fleetCapacity)))
  }

  private func parameters(of trace: Trace) -> Comparison.Parameters {
    Comparison.Parameters(
      source: source.name, requests: trace.requests.count, blocks: trace.blockCount,
      distinctBlocks: trace.distinctBlocks, promptTokens: trace.promptTokens,
      seconds: Double(trace.span) / 1e9, blockTokens: trace.blockTokens,
      engines: fleet.capacities.count, capacityBlocks: fleet.capacities.first ?? 0,
      plan: planName, times: fleet.times,
      eventDelaySeconds: Double(fleet.eventDelayNanoseconds) / 1e9, seeds: traces.count)
  }
}
