import Testing

@testable import Simulation

@Suite struct StudyTests {
  private static func study(
    policies: [RoutingPolicy] = RoutingPolicy.allCases, stresses: [Stress] = [], seeds: Int = 3
  ) -> Study {
    Study(
      .trace(SmallFleet.trace(seed: 1)), fleet: SmallFleet.scenario, policies: policies,
      stresses: stresses, planName: "cost", plan: RoutingPlan.cost.plan, seeds: seeds)
  }

  private static func comparison(_ study: Study) -> Comparison {
    study.comparison(study.runs.map { study.summary(of: $0) })
  }

  @Test func `The ladder goes down rung by rung`() {
    let comparison = Self.comparison(Self.study())
    #expect(comparison.steepRungs == [])
    let trace = SmallFleet.trace(seed: 1)
    let ideal = Double(trace.blockCount - trace.distinctBlocks) / Double(trace.blockCount)
    #expect(abs(comparison.workloadCeiling.mean - ideal) < 1e-12)
    #expect(
      comparison.ladder.map(\.name) == [
        "workload ceiling", "fleet-capacity ceiling", "perfect routing, no eviction",
        "perfect routing", "precise", "precise, never approximated", "approximate", "load",
        "round robin",
      ])
    #expect(comparison.cell(.precise, under: .base)?.hitRatio.mean ?? 0 > 0.3)
    #expect(comparison.cell(.load, under: .base)?.predictionError == nil)
  }

  @Test func `A stress that makes no difference to a policy takes no run of its own`() {
    let study = Self.study(
      policies: [.load, .precise], stresses: [.eventLoss, .largeLRU], seeds: 2)
    // Load: base only. Precise: base, lost events, and the LRU that it falls back to.
    #expect(study.stresses == [.base, .eventLoss, .largeLRU])
    #expect(study.runs.count == 2 * (1 + 3))
    let comparison = Self.comparison(study)
    #expect(
      comparison.cell(.load, under: .base)?.hitRatios
        == comparison.cell(.load, under: .eventLoss)?.hitRatios)
  }

  @Test func `Results do not depend on the order of the runs`() {
    let study = Self.study(policies: [.approximate, .precise], stresses: [.routers4], seeds: 2)
    let forwards = study.runs.map { study.summary(of: $0) }
    let backwards = study.runs.reversed().map { study.summary(of: $0) }
    #expect(forwards == backwards.reversed())
  }

  @Test func `Prompts that do not fit are told before anything runs`() {
    let study = Study(
      .trace(SmallFleet.trace(seed: 1)), fleet: Scenario(engines: 4, capacityBlocks: 60),
      policies: [.load], stresses: [.mixedCapacity], planName: "cost",
      plan: RoutingPlan.cost.plan, seeds: 1)
    #expect(study.fault?.contains("smallest engine under 'mixed-capacity' 12") == true)
    #expect(Self.study(seeds: 1).fault == nil)
  }

  @Test func `A spread has the mean, the deviation and the ends`() {
    let spread = Spread([1, 2, 3, 6])
    #expect(spread.mean == 3 && spread.least == 1 && spread.most == 6)
    #expect(abs(spread.deviation - 2.160_246_9) < 1e-6)
    #expect(Spread([4]).deviation == 0)
  }
}
