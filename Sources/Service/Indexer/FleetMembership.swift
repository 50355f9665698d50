package import KVIndexer

/// Which endpoints there are, and the sources of each: keeps index and subscriptions in step.
package final class FleetMembership: @unchecked Sendable {
  /// Who said that there is an endpoint.
  package enum Origin: String, Sendable {
    case commandLine = "command_line"
    case file
    case registered
  }

  /// An endpoint and what it is called in answers.
  package final class Member: Sendable {
    package let origin: Origin
    package let name: String
    /// Where requests go, as answers tell it.
    package let address: String
    package let configuration: EndpointConfiguration
    package let model: String
    package let sources: [Subscribed]

    init(
      name: String, configuration: EndpointConfiguration, model: String, sources: [Subscribed],
      origin: Origin = .file
    ) {
      self.origin = origin
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

  struct AddressUser {
    var endpoint: String
    var source: SourceID
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
  private let conflicts: IdentityConflicts
  private let defaultModel: String
  let log: Log
  let changed: @Sendable ([Member]) -> Void
  /// Held while members come and go, which files and requests make them do.
  let changing = Lock()
  /// Who is at an address that nobody else can be at; guarded by `changing`.
  private(set) var users: [EventAddress: [AddressUser]] = [:]
  private let lock = Lock()
  private var byIdentity: [EndpointConfiguration.Identity: Member] = [:] {
    didSet { current = Roster(byIdentity.values) }
  }
  private var current = Roster([])

  /// - Parameter changed: Told of all members after each change, on the thread that made it.
  init(
    intake: EventIntake, defaultModel: String, log: Log,
    changed: @escaping @Sendable ([Member]) -> Void
  ) {
    fleet = intake.fleet
    subscriptions = intake.subscriptions
    conflicts = intake.conflicts
    self.defaultModel = defaultModel
    self.log = log
    self.changed = changed
  }

  /// All endpoints, ordered by name.
  package var members: [Member] { roster.members }

  var roster: Roster { lock.withLock { current } }

  /// The endpoint of this identity.
  func member(_ identity: EndpointConfiguration.Identity) -> Member? {
    lock.withLock { byIdentity[identity] }
  }

  /// Adds endpoints that stay.
  func add(_ configurations: [EndpointConfiguration]) {
    changing.withLock {
      for configuration in configurations { add(configuration, .commandLine) }
      changed(members)
    }
  }

  /// Adds an endpoint, unless there is one of its identity; to be called while changing.
  func add(_ configuration: EndpointConfiguration, _ origin: Origin) {
    let identity = configuration.identity
    guard member(identity) == nil else {
      log(.error, "\(identity): there is such an endpoint already, given otherwise; it stays")
      return
    }
    let name = identity.memberName
    let model = configuration.model ?? defaultModel
    let member = Member(
      name: name, configuration: configuration, model: model,
      sources: configuration.sources.map { subscribe(name, model, configuration, $0) },
      origin: origin)
    noteAddresses(of: member)
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

  /// Takes note of where a member's sources are, and declares those contested that are at an address
  /// of another endpoint.
  ///
  /// One file never has that; a file, the command line and registrations together may.
  private func noteAddresses(of member: Member) {
    for source in member.sources {
      for address in source.configuration.ownAddresses {
        for user in users[address] ?? [] {
          conflicts.add(user.source, source.id, .address(address))
        }
        users[address, default: []].append(AddressUser(endpoint: member.name, source: source.id))
      }
    }
  }

  private func forgetAddresses(of member: Member) {
    for source in member.sources {
      for address in source.configuration.ownAddresses {
        users[address]?.removeAll { $0.source == source.id }
        if users[address]?.isEmpty == true { users[address] = nil }
      }
    }
  }

  /// To be called while changing.
  func remove(_ identity: EndpointConfiguration.Identity) {
    guard let member = lock.withLock({ byIdentity.removeValue(forKey: identity) }) else { return }
    forgetAddresses(of: member)
    for source in member.sources {
      conflicts.remove(source.id)
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
  func redescribe(_ old: EndpointConfiguration, as new: EndpointConfiguration) -> Bool {
    var described = old
    described.labels = new.labels
    described.metrics = new.metrics
    guard described == new else { return false }
    return lock.withLock {
      guard let member = byIdentity[old.identity] else { return false }
      byIdentity[old.identity] = Member(
        name: member.name, configuration: new, model: member.model, sources: member.sources,
        origin: member.origin)
      return true
    }
  }

  /// Follows a change of the endpoints file.
  ///
  /// What the file names was perhaps registered before: the file goes before that. What the command
  /// line names stays as it is.
  func apply(_ change: EndpointsChange) {
    changing.withLock {
      for endpoint in change.removed where isOfFile(endpoint) { remove(endpoint.identity) }
      for (old, new) in change.changed {
        if isOfFile(old) {
          if redescribe(old, as: new) { continue }
          remove(old.identity)
        }
        add(new, .file)
      }
      for endpoint in change.added {
        if let member = member(endpoint.identity), member.origin == .registered {
          log(.info, "\(member.name): the endpoints file names it now; its registration is over")
          remove(endpoint.identity)
        }
        add(endpoint, .file)
      }
      changed(members)
    }
  }

  private func isOfFile(_ endpoint: EndpointConfiguration) -> Bool {
    member(endpoint.identity)?.origin == .file
  }
}
