/// What requests leave behind for later ones.
///
/// Bounded: of each kind of thing a fixed number is remembered, the latest ones.
public struct SchedulerMemory: Sendable {
  /// Sessions remembered at a time, over all plugins.
  public static let sessionsMax = 65_536

  /// Behind every random choice.
  public var random: RandomStream
  /// Sessions that were forgotten before their time, because there were more than `sessionsMax`.
  public private(set) var sessionsForgotten = 0

  /// By the plugin's name: endpoints by when they last took a request that none held anything of.
  private var coldUses: [String: RecencyTable<EndpointID, Void>] = [:]
  private var sessions = RecencyTable<SessionKey, SessionHome>(capacity: sessionsMax)

  /// A memory of nothing.
  public init(seed: UInt64) { random = RandomStream(seed: seed) }

  // MARK: Cold requests

  /// Notes that an endpoint took a cold request; `capacity` endpoints are remembered.
  mutating func noteColdUse(of endpoint: EndpointID, plugin: String, capacity: Int) {
    coldUses[plugin, default: RecencyTable(capacity: capacity)].set(endpoint, to: ())
  }

  /// When endpoints last took cold requests; nil before the first one.
  func coldUses(plugin: String) -> RecencyTable<EndpointID, Void>? { coldUses[plugin] }

  // MARK: Sessions

  private struct SessionHome: Sendable {
    var endpoint: EndpointID
    /// In monotonic nanoseconds.
    var expiry: UInt64
  }

  /// Notes which endpoint serves a session until `expiry`, in monotonic nanoseconds.
  mutating func noteSession(
    _ key: SessionKey, on endpoint: EndpointID, until expiry: UInt64, now: UInt64
  ) {
    let forgotten = sessions.set(key, to: SessionHome(endpoint: endpoint, expiry: expiry))
    if let forgotten, forgotten.expiry > now { sessionsForgotten += 1 }
  }

  /// The endpoint that serves a session; nil when it is not known any more.
  func endpoint(ofSession key: SessionKey, now: UInt64) -> EndpointID? {
    guard let home = sessions[key], home.expiry > now else { return nil }
    return home.endpoint
  }
}

/// A session as one profile knows it.
///
/// A keyed digest of 64 bits: ids of any length take the same room, and clients' ids are not kept.
struct SessionKey: Hashable, Sendable {
  private let digest: Int

  init(profile: String, header: String, id: String) {
    var hasher = Hasher()
    hasher.combine(profile)
    hasher.combine(header)
    hasher.combine(id)
    digest = hasher.finalize()
  }
}
