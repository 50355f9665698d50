import Testing

@testable import Simulation

/// Each stress does what it says to those whom it concerns, and nothing to the others.
@Suite struct StressTests {
  private func error(_ policy: RoutingPolicy, _ stress: Stress) -> Double {
    SmallFleet.run(policy, under: stress).predictionError ?? .nan
  }

  private func hits(_ policy: RoutingPolicy, _ stress: Stress) -> Double {
    SmallFleet.run(policy, under: stress).hitRatio
  }

  @Test func `With one router and the right capacity an approximation is as good as events`() {
    #expect(abs(hits(.approximate, .base) - hits(.precise, .base)) < 0.03)
    #expect(error(.precise, .base) < 0.01 && error(.approximate, .base) < 0.02)
  }

  @Test(arguments: [Stress.routers2, .routers4])
  func `Routers that do not see each other's requests lose approximations, not events`(
    stress: Stress
  ) {
    #expect(error(.approximate, stress) > 0.03)
    #expect(error(.precise, stress) < 0.02)
    #expect(hits(.precise, stress) > hits(.approximate, stress) + 0.05)
  }

  @Test func `What bypasses the routers is not predicted, and fools approximations`() {
    let result = SmallFleet.run(.approximate, under: .bypass)
    let share = Double(result.predictedOf) / Double(result.blocks)
    #expect((0.62...0.78).contains(share))
    #expect(error(.approximate, .bypass) > error(.precise, .bypass) + 0.01)
  }

  @Test func `Mixed capacities fool an approximation that believes them equal`() {
    var scenario = SmallFleet.scenario
    Stress.mixedCapacity.apply(to: &scenario)
    #expect(scenario.capacities == [24, 54, 122, 276])
    #expect(scenario.believedCapacities == [120, 120, 120, 120])
    #expect(error(.approximate, .mixedCapacity) > error(.precise, .mixedCapacity) + 0.02)
  }

  @Test func `A router that starts anew forgets what it sent, and gets events again`() {
    func run(_ policy: RoutingPolicy, recovers: Bool) -> RunResult {
      SmallFleet.run(policy) {
        $0.routerRestartSeconds = 30
        $0.recoversEvents = recovers
      }
    }
    let base = hits(.precise, .base)
    #expect(run(.approximate, recovers: true).hitRatio < base - 0.03)
    #expect(abs(run(.precise, recovers: true).hitRatio - base) < 0.03)
    // Without the roots nothing below them can be placed: worse than no events.
    let blind = run(.preciseOnly, recovers: false)
    #expect(blind.hitRatio < run(.approximate, recovers: false).hitRatio)
    #expect(blind.predictionError ?? 0 > 0.02)
    // So who is not exact is approximated.
    #expect(run(.precise, recovers: false).hitRatio > blind.hitRatio)
  }

  @Test func `An engine's restart is known by events and by nothing else`() {
    func error(_ policy: RoutingPolicy) -> Double {
      SmallFleet.run(policy) { $0.engineRestartSeconds = 20 }.predictionError ?? .nan
    }
    #expect(error(.approximate) > 0.03)
    #expect(error(.precise) < 0.01)
  }

  @Test func `Lost events make predictions wrong, and a replay makes them right`() {
    #expect(error(.preciseOnly, .eventLoss) > error(.preciseOnly, .eventLossReplayed) + 0.005)
    #expect(error(.preciseOnly, .eventLossReplayed) < 0.02)
    // Gaps degrade a source's trust, so that it is approximated.
    #expect(error(.precise, .eventLoss) < error(.preciseOnly, .eventLoss))
  }

  @Test func `Late events matter less than lost ones`() {
    #expect(error(.precise, .eventDelayHalfSecond) < 0.01)
    #expect(abs(hits(.precise, .eventDelayTenSeconds) - hits(.precise, .base)) < 0.05)
  }

  @Test func `An LRU of the wrong size believes too much or too little`() {
    let large = SmallFleet.run(.approximate, under: .largeLRU)
    let small = SmallFleet.run(.approximate, under: .smallLRU)
    #expect(large.overBlocks > 10 * large.underBlocks)
    #expect(small.underBlocks > 10 * small.overBlocks)
  }

  @Test(arguments: Stress.allCases, [RoutingPolicy.oracle, .load, .roundRobin, .approximate])
  func `What a policy does not look at makes no difference to it`(
    stress: Stress, policy: RoutingPolicy
  ) {
    var scenario = SmallFleet.scenario
    stress.apply(to: &scenario)
    let seen = scenario.seen(by: policy)
    let result = SmallFleet.run(policy, under: stress)
    let again = SmallFleet.run(policy) {
      $0 = seen
      if $0.believedCapacities.isEmpty { $0.believedCapacities = $0.capacities }
    }
    #expect(result == again)
  }
}
