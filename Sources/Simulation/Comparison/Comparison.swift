/// The results of a study.
package struct Comparison: Sendable, Equatable {
  /// What was compared, for people and for who wants to make it again.
  package struct Parameters: Sendable, Equatable {
    package var source: String
    package var requests: Int
    package var blocks: Int
    package var distinctBlocks: Int
    package var promptTokens: Int
    package var seconds: Double
    package var blockTokens: Int
    package var engines: Int
    package var capacityBlocks: Int
    package var plan: String
    package var times: ServiceTimes
    package var eventDelaySeconds: Double
    package var seeds: Int
  }

  /// A policy under a stress, over all seeds.
  package struct Cell: Sendable, Equatable {
    package let stress: Stress
    package let policy: RoutingPolicy
    package let hitRatio: Spread
    package let tokenHitRatio: Spread
    /// Nil where nothing was predicted.
    package let predictionError: Spread?
    package let overPrediction: Spread?
    package let imbalance: Spread
    package let firstTokenMean: Spread
    package let firstTokenP50: Spread
    package let firstTokenP90: Spread
    package let firstTokenP99: Spread
    /// Hit ratios, by seed.
    package let hitRatios: [Double]

    init(stress: Stress, policy: RoutingPolicy, _ runs: [RunFigures]) {
      self.stress = stress
      self.policy = policy
      hitRatios = runs.map(\.hitRatio)
      hitRatio = Spread(hitRatios)
      tokenHitRatio = Spread(runs.map(\.tokenHitRatio))
      let errors = runs.compactMap(\.predictionError)
      predictionError = errors.isEmpty ? nil : Spread(errors)
      let overs = runs.compactMap(\.overPrediction)
      overPrediction = overs.isEmpty ? nil : Spread(overs)
      imbalance = Spread(runs.map(\.imbalance))
      firstTokenMean = Spread(runs.map(\.firstTokenMean))
      firstTokenP50 = Spread(runs.map(\.firstTokenP50))
      firstTokenP90 = Spread(runs.map(\.firstTokenP90))
      firstTokenP99 = Spread(runs.map(\.firstTokenP99))
    }
  }

  /// A rung of the ladder from what no routing can exceed down to what takes no thought.
  package struct Rung: Sendable, Equatable {
    package var name: String
    package var hitRatio: Spread
    /// Nil for the ceilings, which are no runs.
    package var cell: Cell?
  }

  package let parameters: Parameters
  /// By stress, then by policy.
  package let cells: [Cell]
  package let workloadCeiling: Spread
  package let fleetCeiling: Spread

  /// Stresses in the order in which they were asked for.
  package var stresses: [Stress] {
    var stresses: [Stress] = []
    for cell in cells where stresses.last != cell.stress { stresses.append(cell.stress) }
    return stresses
  }

  /// Policies in the order in which they were asked for.
  package var policies: [RoutingPolicy] {
    cells.prefix { $0.stress == cells.first?.stress }.map(\.policy)
  }

  /// The cell of a policy under a stress; nil when it was not asked for.
  package func cell(_ policy: RoutingPolicy, under stress: Stress) -> Cell? {
    cells.first { $0.policy == policy && $0.stress == stress }
  }

  /// The ladder, the highest rung first; of policies that were not asked for there is none.
  package var ladder: [Rung] {
    var rungs = [
      Rung(name: "workload ceiling", hitRatio: workloadCeiling),
      Rung(name: "fleet-capacity ceiling", hitRatio: fleetCeiling),
    ]
    let named: [(RoutingPolicy, String)] = [
      (.infinite, "perfect routing, no eviction"), (.oracle, "perfect routing"),
      (.precise, "precise"), (.preciseOnly, "precise, never approximated"),
      (.approximate, "approximate"), (.load, "load"), (.roundRobin, "round robin"),
    ]
    for (policy, name) in named {
      guard let cell = cell(policy, under: .base) else { continue }
      rungs.append(Rung(name: name, hitRatio: cell.hitRatio, cell: cell))
    }
    return rungs
  }

  /// Rungs that are higher than the one above them by more than the seeds' spread; the one without
  /// eviction is no rung of the others' ladder.
  package var steepRungs: [String] {
    let rungs = ladder.filter { $0.cell?.policy != .infinite }
    return zip(rungs, rungs.dropFirst()).compactMap { upper, lower in
      let spread = max(upper.hitRatio.deviation, lower.hitRatio.deviation, 0.001)
      return lower.hitRatio.mean > upper.hitRatio.mean + spread ? lower.name : nil
    }
  }
}
