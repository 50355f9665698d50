import EPPScorer

/// The endpoints that requests may go to.
final class PickerPool: @unchecked Sendable {
  private let lock = Lock()
  private var current: [PickerEndpoint] = []

  /// Ordered by id.
  var endpoints: [PickerEndpoint] { lock.withLock { current } }

  /// Takes over the fleet's members; those that are as they were keep what was sent to them.
  ///
  /// - Parameter host: The IP address of a member, in canonical form; nil while it has none.
  /// - Returns: All endpoints from now on.
  @discardableResult
  func set(
    _ members: [FleetMembership.Member], host: (FleetMembership.Member) -> String?
  ) -> [PickerEndpoint] {
    lock.withLock {
      let known = Dictionary(uniqueKeysWithValues: current.map { ($0.endpoint.id, $0) })
      current = members.compactMap { member in
        guard let host = host(member) else { return nil }
        let configuration = member.configuration
        let endpoint = Endpoint(
          id: EndpointID(
            namespace: configuration.identity.namespace, name: configuration.identity.name),
          host: host, port: configuration.port, labels: configuration.labels)
        if let old = known[endpoint.id], old.member === member,
          old.endpoint.address == endpoint.address
        {
          return old
        }
        return PickerEndpoint(endpoint, member)
      }
      .sorted { $0.endpoint.id < $1.endpoint.id }
      return current
    }
  }
}

extension [PickerEndpoint] {
  /// Those that a gateway's subset hint allows.
  ///
  /// Entries are `host:port`. Where none has a port that fits, hosts alone count, as llm-d's picker
  /// compares them: a gateway may name the pool's port rather than the endpoint's.
  func allowed(by subset: [String]?) -> [PickerEndpoint] {
    guard let subset else { return self }
    let addresses = Set(subset)
    let exact = filter { addresses.contains($0.endpoint.address) }
    guard exact.isEmpty else { return exact }
    let hosts = Set(subset.map(Self.host))
    return filter { hosts.contains($0.endpoint.host) }
  }

  private static func host(_ address: String) -> String {
    if address.hasPrefix("["), let end = address.firstIndex(of: "]") {
      return String(address[address.index(after: address.startIndex)..<end])
    }
    guard let colon = address.lastIndex(of: ":"), address.firstIndex(of: ":") == colon else {
      return address
    }
    return String(address[..<colon])
  }
}
