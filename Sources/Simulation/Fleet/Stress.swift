import Glibc

/// Something that goes wrong, or an assumption that does not hold.
package enum Stress: String, CaseIterable, Sendable {
  case base
  case routers2 = "routers-2"
  case routers4 = "routers-4"
  case bypass
  case mixedCapacity = "mixed-capacity"
  case routerRestart = "router-restart"
  case routerRestartCold = "router-restart-cold"
  case engineRestart = "engine-restart"
  case eventLoss = "event-loss"
  case eventLossReplayed = "event-loss-replayed"
  case eventDelayHalfSecond = "event-delay-500ms"
  case eventDelayTenSeconds = "event-delay-10s"
  case largeLRU = "lru-too-large"
  case smallLRU = "lru-too-small"
  case everything

  /// One clause for people.
  package var summary: String {
    switch self {
    case .base: "1 router, LRU of the right size"
    case .routers2: "2 routers"
    case .routers4: "4 routers"
    case .bypass: "30 % of the traffic bypasses the router"
    case .mixedCapacity: "capacity from 0.2 to 2.3 times the nominal one; the LRU believes 1"
    case .routerRestart: "the router restarts every 300 s, events recovered"
    case .routerRestartCold: "the router restarts every 300 s, events not recovered"
    case .engineRestart: "an engine restarts every 60 s"
    case .eventLoss: "10 % of event messages lost for good"
    case .eventLossReplayed: "10 % of event messages lost, and replayed"
    case .eventDelayHalfSecond: "events 0.5 s late"
    case .eventDelayTenSeconds: "events 10 s late"
    case .largeLRU: "the LRU believes 4 times the capacity"
    case .smallLRU: "the LRU believes a quarter of the capacity"
    case .everything: "4 routers, 30 % bypass, mixed capacity, restarts of routers and engines"
    }
  }

  /// Puts the stress into a scenario.
  package func apply(to scenario: inout Scenario) {
    switch self {
    case .base: break
    case .routers2: scenario.routers = 2
    case .routers4: scenario.routers = 4
    case .bypass: scenario.bypassShare = 0.3
    case .mixedCapacity: scenario.mixCapacities()
    case .routerRestart: scenario.routerRestartSeconds = 300
    case .routerRestartCold:
      scenario.routerRestartSeconds = 300
      scenario.recoversEvents = false
    case .engineRestart: scenario.engineRestartSeconds = 60
    case .eventLoss:
      scenario.eventLoss = 0.1
      scenario.replaysLosses = false
    case .eventLossReplayed: scenario.eventLoss = 0.1
    case .eventDelayHalfSecond: scenario.eventDelayNanoseconds = 500_000_000
    case .eventDelayTenSeconds: scenario.eventDelayNanoseconds = 10_000_000_000
    case .largeLRU: scenario.believedCapacities = scenario.believedCapacities.map { $0 * 4 }
    case .smallLRU: scenario.believedCapacities = scenario.believedCapacities.map { max($0 / 4, 1) }
    case .everything:
      for stress in [Stress.routers4, .bypass, .mixedCapacity, .routerRestart, .engineRestart] {
        stress.apply(to: &scenario)
      }
    }
  }
}

extension Scenario {
  /// Gives engines from 0.2 to 2.3 times the blocks, in equal ratios; the beliefs stay.
  fileprivate mutating func mixCapacities() {
    guard capacities.count > 1 else { return }
    let last = Double(capacities.count - 1)
    for index in capacities.indices {
      let factor = 0.2 * pow(2.3 / 0.2, Double(index) / last)
      capacities[index] = max(Int((Double(capacities[index]) * factor).rounded()), 1)
    }
  }
}
