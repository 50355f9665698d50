package import KVIndexer

/// Which endpoints there are, and the sources of each: keeps index and subscriptions in step.
package final class FleetMembership: @unchecked Sendable {
  /// An endpoint and what it is called in answers.
  package final class Member: Sendable {
    package let name: String
    /// Where requests go, as answers tell it.
    package let address: String
    package let configuration: EndpointConfiguration
    package let model: String
    package let sources: [Subscribed]

    init(
      name: String, configuration: EndpointConfiguration, model: String, sources: [Subscribed]
    ) {
      self.name = name
      address = configuration.authority
      self.configuration = configuration
      self.model = model
      self.sources = sources
    }
  }

  /// One of an endpoint's event sources.
  package struct Subscribed: Sendable {
    package var id: SourceID
    package var configuration: EventSourceConfiguration
    /// Why it could not be subscribed to; nil when it was.
    package var failure: String?
  }

  /// All endpoints at one moment, and what they serve.
  struct Roster: Sendable {
    /// Ordered by name.
    let members: [Member]
    /// The configured models, ordered by name.
    let models: [String]
    /// Whether there is an endpoint without a configured model, which serves any.
    let hasUnnamedModel: Bool

    init(_ members: some Sequence<Member>) {
      self.members = members.sorted { $0.name < $1.name }
      models = Set(self.members.map(\.model)).subtracting([""]).sorted()
      hasUnnamedModel = self.members.contains { $0.model.isEmpty }
    }
  }

  private let fleet: SharedFleet
  private let subscriptions: SubscriptionLoop
  private let defaultModel: String
  private let log: Log
  private let changed: @Sendable ([Member]) -> Void
  private let lock = Lock()
  private var byIdentity: [EndpointConfiguration.Identity: Member] = [:] {
    didSet { current = Roster(byIdentity.values) }
  }
  private var current = Roster([])

  /// - Parameter changed: Told of all members after each change, on the thread that made it.
  init(
    fleet: SharedFleet, subscriptions: SubscriptionLoop, defaultModel: String, log: Log,
    changed: @escaping @Sendable ([Member]) -> Void
  ) {
    self.fleet = fleet
    self.subscriptions = subscriptions
    self.defaultModel = defaultModel
    self.log = log
    self.changed = changed
  }

  /// All endpoints, ordered by name.
  package var members: [Member] { roster.members }

  var roster: Roster { lock.withLock { current } }

  /// Adds endpoints that stay.
  func add(_ configurations: [EndpointConfiguration]) {
    for configuration in configurations { add(configuration) }
    changed(members)
  }

  private func add(_ configuration: EndpointConfiguration) {
    let identity = configuration.identity
    guard lock.withLock({ byIdentity[identity] == nil }) else {
      log(.error, "\(identity): there is such an endpoint already, given otherwise; it stays")
      return
    }
    let name = identity.namespace == "default" ? identity.name : identity.description
    let model = configuration.model ?? defaultModel
    let member = Member(
      name: name, configuration: configuration, model: model,
      sources: configuration.sources.map { subscribe(name, model, configuration, $0) })
    lock.withLock { byIdentity[identity] = member }
    log(.info, "\(name): added at \(configuration.authority), \(member.sources.count) sources")
  }

  private func subscribe(
    _ name: String, _ model: String, _ configuration: EndpointConfiguration,
    _ source: EventSourceConfiguration
  ) -> Subscribed {
    let id = fleet.write {
      $0.addSource(
        SourceConfiguration(
          endpoint: name, model: model, rank: source.rank, blockSize: configuration.blockSize,
          duplicates: configuration.duplicates))
    }
    var subscribed = Subscribed(id: id, configuration: source)
    let restored = fleet.read { $0.restoredStream(of: id) }
    if let restored {
      log(
        .info,
        "\(name) rank \(source.rank): goes on behind message \(restored.record.next - 1), once the "
          + "engine has proved to be the same process")
    }
    do throws(ZMQError) {
      try subscriptions.add(
        SubscriptionTarget(
          source: id, endpoint: source.eventAddress.description,
          replayEndpoint: source.replayAddress?.description, isBound: source.isBound,
          topic: configuration.topic),
        restoring: restored)
    } catch {
      subscribed.failure = "\(source.eventAddress) can't be subscribed to: \(error)"
      log(.error, "\(name) rank \(source.rank): \(subscribed.failure ?? "")")
    }
    return subscribed
  }

  private func remove(_ identity: EndpointConfiguration.Identity) {
    guard let member = lock.withLock({ byIdentity.removeValue(forKey: identity) }) else { return }
    for source in member.sources {
      // Not answered for from now on; forgotten when its last delivery has come through.
      fleet.write { $0.retireSource(source.id) }
      if source.failure == nil {
        subscriptions.remove(source.id)
      } else {
        fleet.write { $0.removeSource(source.id) }
      }
    }
    log(.info, "\(member.name): removed")
  }

  /// Takes over what is said of an endpoint otherwise than of its engine, whose blocks stay known.
  ///
  /// - Returns: False when more has changed than that.
  private func redescribe(_ old: EndpointConfiguration, as new: EndpointConfiguration) -> Bool {
    var described = old
    described.labels = new.labels
    described.metrics = new.metrics
    guard described == new else { return false }
    return lock.withLock {
      guard let member = byIdentity[old.identity] else { return false }
      byIdentity[old.identity] = Member(
        name: member.name, configuration: new, model: member.model, sources: member.sources)
      return true
    }
  }

  /// Follows a change of the endpoints file.
  func apply(_ change: EndpointsChange) {
    for endpoint in change.removed { remove(endpoint.identity) }
    for (old, new) in change.changed where !redescribe(old, as: new) {
      remove(old.identity)
      add(new)
    }
    for endpoint in change.added { add(endpoint) }
    changed(members)
  }
}
