/// What is simulated besides the requests: engines, routers, and what goes wrong.
package struct Scenario: Sendable, Equatable {
  /// Blocks of each engine.
  package var capacities: [Int]
  /// Blocks that the approximation believes each engine to have.
  package var believedCapacities: [Int]
  package var times = ServiceTimes()
  /// Routers that share the traffic; each knows only what it sent itself.
  package var routers = 1
  /// How often all routers are started anew; nil for never.
  package var routerRestartSeconds: Double?
  /// Whether a router that was started anew gets all of the engines' events again.
  package var recoversEvents = true
  /// How often one of the engines is started anew; nil for never.
  package var engineRestartSeconds: Double?
  /// Share of the messages of events that do not reach a router.
  package var eventLoss = 0.0
  /// Whether lost messages are fetched as soon as the next one shows that they are missing.
  package var replaysLosses = true
  package var eventDelayNanoseconds: UInt64 = 50_000_000
  /// Share of the requests that go to engines past the routers.
  package var bypassShare = 0.0
  /// How old an engine's metrics may be when a router looks at them.
  package var metricsNanoseconds: UInt64 = 50_000_000

  /// A scenario in which nothing goes wrong.
  package init(engines: Int, capacityBlocks: Int) {
    capacities = Array(repeating: capacityBlocks, count: engines)
    believedCapacities = capacities
  }

  /// Blocks of all engines.
  package var totalCapacity: Int { capacities.reduce(0, +) }
}

extension Scenario {
  /// The scenario without what makes no difference to a policy: runs that are equal then are the
  /// same run.
  func seen(by policy: RoutingPolicy) -> Scenario {
    var seen = self
    let nominal = Scenario(engines: 0, capacityBlocks: 0)
    if !policy.followsEvents {
      seen.recoversEvents = nominal.recoversEvents
      seen.eventLoss = nominal.eventLoss
      seen.replaysLosses = nominal.replaysLosses
      seen.eventDelayNanoseconds = nominal.eventDelayNanoseconds
    }
    if !policy.remembers { seen.believedCapacities = [] }
    if policy.isOmniscient {
      seen.routers = nominal.routers
      seen.routerRestartSeconds = nil
    }
    if policy == .infinite { seen.capacities = capacities.map { _ in .max } }
    return seen
  }
}
