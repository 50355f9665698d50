/// Where a server listens.
package enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
  /// A host and a port; port 0 asks for a free one. The empty host is every interface.
  case tcp(host: String, port: UInt16)
  /// A socket in the file system, with the permission bits of its file.
  case unix(path: String, mode: UInt32 = 0o600)

  /// Reads `host:port`, `[ipv6]:port`, `:port` or `unix:/path`; nil when `text` is none of them.
  package init?(_ text: String) {
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".count))
      guard !path.isEmpty else { return nil }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":") else { return nil }
    let digits = text[text.index(after: colon)...]
    guard let port = UInt16(digits), digits.first != "+" else { return nil }
    guard colon != text.startIndex else {
      self = .tcp(host: "", port: port)
      return
    }
    guard let host = HostName(String(text[..<colon])),
      host.kind != .ipv6 || text.hasPrefix("[")
    else { return nil }
    self = .tcp(host: host.text, port: port)
  }

  /// Whether only this machine can reach it: a loopback address or a Unix socket.
  package var isLocal: Bool {
    switch self {
    case .unix: true
    case .tcp(let host, _):
      switch HostName(host)?.kind {
      case .ipv4: host.hasPrefix("127.")
      case .ipv6: host == "::1" || host.hasPrefix("::ffff:127.")
      case .name: host == "localhost"
      case nil: false
      }
    }
  }

  package var description: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unix(let path, _): "unix:\(path)"
    }
  }
}
