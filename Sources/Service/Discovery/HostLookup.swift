import CLinux
import Glibc

/// Looks host names up as the system does.
package enum HostLookup {
  /// Why a name has no address.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
  }

  /// The addresses of `name` in canonical form, the preferred one first.
  ///
  /// It may take as long as the system's resolver is patient.
  package static func addresses(of name: String) -> Result<[String], Failure> {
    var hints = addrinfo()
    // One entry an address instead of one for each kind of socket.
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(name, nil, &hints, &list)
    guard status == 0 else {
      return .failure(Failure(gai_strerror(status).map { String(cString: $0) } ?? "unknown"))
    }
    defer { freeaddrinfo(list) }
    var addresses: [String] = []
    var next = list
    while let entry = next?.pointee {
      next = entry.ai_next
      if let address = text(entry), !addresses.contains(address) { addresses.append(address) }
    }
    return addresses.isEmpty ? .failure(Failure("no address")) : .success(addresses)
  }

  private static func text(_ entry: addrinfo) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
      let status = getnameinfo(
        entry.ai_addr, entry.ai_addrlen, buffer.baseAddress, socklen_t(buffer.count), nil, 0,
        NI_NUMERICHOST)
      guard status == 0, let start = buffer.baseAddress else { return nil }
      return HostName(String(cString: start))?.text
    }
  }
}
