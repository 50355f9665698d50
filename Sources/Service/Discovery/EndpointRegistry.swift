/// Endpoints that were made known over the API, each for a time: without a renewal it goes away.
///
/// They live in memory only: after a start of the service they have to be registered again, which
/// renewals do by themselves.
package final class EndpointRegistry: @unchecked Sendable {
  static let endpointsMax = 4_096

  /// What happened to registrations, as metrics name it.
  enum Event: String, MetricLabel {
    case added, changed, renewed, removed, expired, displaced, refused
    static let labelName = "event"
  }

  /// Why a registration was refused.
  enum Refusal: Error, Equatable {
    case conflict(FleetMembership.Conflict)
    case full
  }

  private struct Registration {
    var lifetime: Duration
    var expiresAtNanoseconds: UInt64
  }

  let defaults: KVEventsDefaults
  let events = Labelled<Event, Counter> { Counter() }
  private let membership: FleetMembership
  private let log: Log
  /// Held while the fleet is changed, so that no renewal falls between an expiry and its removal.
  private let changing = Lock()
  /// Guards what follows.
  private let lock = Lock()
  private var registrations: [EndpointConfiguration.Identity: Registration] = [:]

  /// - Parameter defaults: Where the events of endpoints are that do not say so.
  init(membership: FleetMembership, defaults: KVEventsDefaults, log: Log) {
    self.membership = membership
    self.defaults = defaults
    self.log = log
  }

  var count: Int { lock.withLock { registrations.count } }

  /// The time that an endpoint has left; nil when it was not registered.
  func remaining(_ identity: EndpointConfiguration.Identity, now: UInt64) -> Duration? {
    lock.withLock { registrations[identity] }.map {
      .nanoseconds(Int64(clamping: $0.expiresAtNanoseconds - min(now, $0.expiresAtNanoseconds)))
    }
  }

  /// Adds an endpoint, or renews it, with changes or without.
  func put(
    _ request: RegistrationRequest, now: UInt64
  ) throws(Refusal) -> FleetMembership.Registered {
    try changing.withLock { () throws(Refusal) in
      let identity = request.configuration.identity
      let outcome: FleetMembership.Registered
      do throws(Refusal) {
        outcome = try register(request.configuration)
      } catch {
        events[.refused].add()
        throw error
      }
      let nanoseconds = request.lifetime.wholeNanoseconds
      lock.withLock {
        registrations[identity] = Registration(
          lifetime: request.lifetime, expiresAtNanoseconds: now + nanoseconds)
      }
      switch outcome {
      case .added: events[.added].add()
      case .changed: events[.changed].add()
      case .unchanged: events[.renewed].add()
      }
      return outcome
    }
  }

  private func register(
    _ configuration: EndpointConfiguration
  ) throws(Refusal) -> FleetMembership.Registered {
    let hasRoom = lock.withLock {
      registrations[configuration.identity] != nil || registrations.count < Self.endpointsMax
    }
    guard hasRoom else { throw .full }
    do throws(FleetMembership.Conflict) {
      return try membership.register(configuration)
    } catch {
      throw .conflict(error)
    }
  }

  /// Removes an endpoint.
  ///
  /// - Returns: Whether it was registered.
  func delete(_ identity: EndpointConfiguration.Identity) -> Bool {
    changing.withLock {
      guard lock.withLock({ registrations.removeValue(forKey: identity) }) != nil else {
        return false
      }
      events[.removed].add()
      membership.unregister(identity)
      return true
    }
  }

  /// Removes what was not renewed in time, and forgets what the endpoints file names by now.
  package func tick(now: UInt64) {
    guard lock.withLock({ registrations.contains { $0.value.expiresAtNanoseconds <= now } }) else {
      return
    }
    changing.withLock {
      let expired = lock.withLock {
        let expired = registrations.filter { $0.value.expiresAtNanoseconds <= now }
        registrations = registrations.filter { $0.value.expiresAtNanoseconds > now }
        return expired
      }
      for (identity, registration) in expired {
        guard membership.unregister(identity) else {
          events[.displaced].add()
          continue
        }
        events[.expired].add()
        log(
          .warning,
          "\(identity.memberName): removed, because its registration was not renewed for "
            + "\(registration.lifetime.components.seconds) s")
      }
    }
  }
}
