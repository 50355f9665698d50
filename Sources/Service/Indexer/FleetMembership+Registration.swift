/// Endpoints that come and go by request.
extension FleetMembership {
  /// What a registration came to.
  enum Registered {
    case added, changed, unchanged
  }

  /// Why an endpoint can't be registered.
  enum Conflict: Error, Equatable {
    /// The file or the command line says what the endpoint is.
    case defined(Origin)
    /// Another endpoint publishes, or replays, at this address.
    case address(EventAddress, other: String)
  }

  /// Adds an endpoint, or changes one that was registered.
  ///
  /// One of the same content stays as it is, connections and all.
  func register(_ configuration: EndpointConfiguration) throws(Conflict) -> Registered {
    try changing.withLock { () throws(Conflict) in
      let known = member(configuration.identity)
      if let known {
        guard known.origin == .registered else { throw .defined(known.origin) }
        if known.configuration == configuration { return .unchanged }
      }
      if let clash = clash(of: configuration) { throw .address(clash.address, other: clash.other) }
      defer { changed(members) }
      guard let known else {
        add(configuration, .registered)
        return .added
      }
      if !redescribe(known.configuration, as: configuration) {
        remove(configuration.identity)
        add(configuration, .registered)
      }
      return .changed
    }
  }

  /// Removes an endpoint that was registered.
  ///
  /// - Returns: False when it was not, or the file names it by now.
  @discardableResult
  func unregister(_ identity: EndpointConfiguration.Identity) -> Bool {
    changing.withLock {
      guard member(identity)?.origin == .registered else { return false }
      remove(identity)
      changed(members)
      return true
    }
  }

  /// An address of an endpoint that is another endpoint's already.
  private func clash(
    of configuration: EndpointConfiguration
  ) -> (address: EventAddress, other: String)? {
    let name = configuration.identity.memberName
    for address in configuration.sources.flatMap(\.ownAddresses) {
      if let other = users[address]?.first(where: { $0.endpoint != name }) {
        return (address, other.endpoint)
      }
    }
    return nil
  }
}

extension EventSourceConfiguration {
  /// Where nobody else can publish or answer.
  var ownAddresses: [EventAddress] {
    [isRelayed ? nil : eventAddress, replayAddress].compactMap(\.self)
  }
}

extension EndpointConfiguration.Identity {
  /// What an endpoint is called in answers.
  var memberName: String { namespace == "default" ? name : description }
}
