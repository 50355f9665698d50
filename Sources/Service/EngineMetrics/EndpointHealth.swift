/// Whether an endpoint's engine can be reached, as far as its metrics tell.
package enum EndpointHealth: Sendable, Equatable {
  /// Nothing was heard of it yet, good or bad.
  case unknown
  case up
  case down(Cause)

  package enum Cause: String, Sendable, CaseIterable {
    /// Nobody listens there, or connections break.
    case unreachable
    /// It accepts connections and does not answer in time.
    case timedOut = "timed_out"
  }

  /// The state's name in logs and metrics.
  package var name: String {
    switch self {
    case .unknown: "unknown"
    case .up: "up"
    case .down: "down"
    }
  }
}

/// Decides on an endpoint's health from how reading its metrics ended.
///
///     unknown ──an answer──▶ up ──2 broken connections in a row──▶ down(unreachable)
///        │                    ▲ └─3 timeouts in a row────────────▶ down(timedOut)
///        └──the same failures─│──▶ down
///                             └──────────an answer─────────────── down
///
/// An answer is an answer whatever its status: the process is there. What tells nothing of the
/// engine, such as a certificate that is not trusted, changes nothing.
struct HealthTracker {
  enum Evidence: Sendable {
    case answered, unreachable, timedOut, none
  }

  static let unreachableMax = 2
  static let timeoutsMax = 3

  private(set) var health = EndpointHealth.unknown
  private var unreachable = 0
  private var timeouts = 0

  /// Failures in a row.
  var failures: Int { unreachable + timeouts }

  /// Takes a report from elsewhere that the engine may be gone: one more failure proves it.
  mutating func suspect() { unreachable = max(unreachable, Self.unreachableMax - 1) }

  /// Takes one piece of evidence; returns whether the health is another one now.
  mutating func take(_ evidence: Evidence) -> Bool {
    let before = health
    switch evidence {
    case .none: break
    case .answered:
      health = .up
      unreachable = 0
      timeouts = 0
    case .unreachable:
      unreachable += 1
      if unreachable >= Self.unreachableMax { health = .down(.unreachable) }
    case .timedOut:
      timeouts += 1
      if timeouts >= Self.timeoutsMax { health = .down(.timedOut) }
    }
    return health != before
  }
}
