/// Who says what the engines hold, and so where requests go.
package enum RoutingPolicy: String, CaseIterable, Sendable {
  /// One engine after the other.
  case roundRobin = "round-robin"
  /// The plan, with nothing known of prefixes.
  case load
  /// The plan, with what was sent where.
  case approximate
  /// The plan, with the index of events, however far it can be trusted.
  case preciseOnly = "precise-only"
  /// The plan, with the index of events, and what was sent where for engines whose trust is not
  /// exact: what `epp` does.
  case precise
  /// The plan, with what engines really hold at that moment, or will by those ahead in the line.
  case oracle
  /// The same, with engines that never have to evict.
  case infinite

  /// One clause for people.
  package var summary: String {
    switch self {
    case .roundRobin: "one engine after the other"
    case .load: "load only, nothing known of prefixes"
    case .approximate: "what was sent where"
    case .preciseOnly: "KV events, however far they can be trusted"
    case .precise: "KV events, and what was sent where while they are not exact (epp)"
    case .oracle: "the engines' true state"
    case .infinite: "the engines' true state, and engines that never evict"
    }
  }

  /// Whether the policy says how much the engine will reuse.
  package var predicts: Bool { self != .roundRobin && self != .load }

  /// Whether it follows the engines' events.
  var followsEvents: Bool { self == .precise || self == .preciseOnly }

  /// Whether it remembers what was sent where.
  var remembers: Bool { self == .precise || self == .approximate }

  /// Whether it sees through all walls: one router, and no knowledge to lose.
  var isOmniscient: Bool { self == .oracle || self == .infinite }
}
