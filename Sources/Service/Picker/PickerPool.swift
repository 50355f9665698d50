import EPPScorer

/// The endpoints that requests may go to.
final class PickerPool: @unchecked Sendable {
  private let lock = Lock()
  private var current: [PickerEndpoint] = []

  /// Ordered by id.
  var endpoints: [PickerEndpoint] { lock.withLock { current } }

  /// Takes over endpoints; those that are as they were keep what was sent to them.
  func set(_ endpoints: [FleetEngines.Located]) {
    lock.withLock {
      let known = Dictionary(uniqueKeysWithValues: current.map { ($0.id, $0) })
      current = endpoints.map { located in
        var old = known[located.endpoint.id]
        if let known = old, known.endpoint.address != located.endpoint.address { old = nil }
        if let old, old.member === located.member { return old }
        return PickerEndpoint(located.endpoint, located.member, located.reading, was: old)
      }
      .sorted { $0.id < $1.id }
    }
  }
}

extension [PickerEndpoint] {
  /// Those whose engines answer; all of them where none does, for we may be wrong.
  var ready: [PickerEndpoint] {
    let up = filter(\.isUp)
    return up.isEmpty ? self : up
  }

  /// Those that serve a model, or do not say which; all of them where no name fits.
  func serving(_ model: String) -> [PickerEndpoint] {
    // What names no model is for any endpoint.
    if model.isEmpty { return self }
    let serving = filter { $0.member.model.isEmpty || $0.member.model == model }
    return serving.isEmpty ? self : serving
  }

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
