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
