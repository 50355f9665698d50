/// A ZeroMQ endpoint in a configuration: `tcp://HOST:PORT` or `ipc://PATH`.
package enum EventAddress: Sendable, Hashable, CustomStringConvertible {
  /// A nil host is `*`, every interface.
  case tcp(host: HostName?, port: UInt16)
  case ipc(path: String)

  /// Reads `text`; nil when it is neither form.
  package init?(_ text: String) {
    if text.hasPrefix("ipc://"), text.utf8.count > "ipc://".utf8.count {
      self = .ipc(path: String(text.dropFirst("ipc://".count)))
      return
    }
    guard text.hasPrefix("tcp://"), let colon = text.lastIndex(of: ":"),
      let port = UInt16(port: text[text.index(after: colon)...])
    else { return nil }
    let host = text[..<colon].dropFirst("tcp://".count)
    if host == "*" {
      self = .tcp(host: nil, port: port)
      return
    }
    // Without brackets an IPv6 address and its port run together.
    guard let name = HostName(String(host)), name.kind != .ipv6 || host.hasPrefix("[") else {
      return nil
    }
    self = .tcp(host: name, port: port)
  }

  /// Whether it names no host to connect to.
  package var isWildcard: Bool {
    guard case .tcp(nil, _) = self else { return false }
    return true
  }

  /// The address of a rank, nil when there is none: engines add the rank to the port.
  package func ofRank(_ rank: Int) -> EventAddress? {
    switch self {
    case .tcp(let host, let port):
      UInt16(exactly: Int(port) + rank).map { .tcp(host: host, port: $0) }
    case .ipc: rank == 0 ? self : nil
    }
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): "tcp://\(host.map(\.description) ?? "*"):\(port)"
    case .ipc(let path): "ipc://\(path)"
    }
  }
}

extension UInt16 {
  /// A port in decimal digits, from 1.
  init?(port digits: some StringProtocol) {
    guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = UInt16(digits), port > 0 else {
      return nil
    }
    self = port
  }
}
