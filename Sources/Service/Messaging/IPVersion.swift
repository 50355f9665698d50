internal import CLinux
internal import Glibc

/// Which version of IP a socket that connects is to use.
///
/// For a name, libzmq takes the first address of the version that it is told to and tries no other
/// one; told to use IPv6, it takes an IPv4 address only where there is no IPv6 one. Engines listen
/// on IPv4 unless told otherwise. So a name that has an IPv4 address is connected to over IPv4.
enum IPVersion: Equatable {
  case four, six

  /// The version for an endpoint, such as `tcp://engine-0:5557`.
  ///
  /// - Parameter hasIPv4Address: Looks a name up, which may take seconds.
  init(of endpoint: String, hasIPv4Address: (String) -> Bool = Self.hasIPv4Address) {
    guard case .tcp(let host?, _) = EventAddress(endpoint) else {
      self = .six
      return
    }
    switch host.kind {
    case .ipv4: self = .four
    case .ipv6: self = .six
    case .name: self = hasIPv4Address(host.text) ? .four : .six
    }
  }

  static func hasIPv4Address(_ name: String) -> Bool {
    var hints = addrinfo()
    hints.ai_family = AF_INET
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &found) == 0 else { return false }
    freeaddrinfo(found)
    return true
  }
}
