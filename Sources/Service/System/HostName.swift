import Glibc

/// A host as configuration files name it: an IPv4 or IPv6 address, or a name to look up.
package struct HostName: Hashable, Sendable, CustomStringConvertible {
  package enum Kind: Sendable { case ipv4, ipv6, name }

  package let kind: Kind
  /// Canonical: addresses as the system prints them, without brackets; names in lower case.
  package let text: String

  /// Checks `text`; nil when it is neither an address nor a valid name.
  ///
  /// IPv6 may stand in brackets. What ends in a label of digits only is an IPv4 address or nothing.
  package init?(_ text: String) {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let bare = isBracketed ? String(text.dropFirst().dropLast()) : text
    if let canonical = Self.canonical(bare, family: AF_INET6) {
      kind = .ipv6
      self.text = canonical
    } else if isBracketed {
      return nil
    } else if let canonical = Self.canonical(bare, family: AF_INET) {
      kind = .ipv4
      self.text = canonical
    } else {
      guard Self.isName(bare) else { return nil }
      kind = .name
      self.text = bare.lowercased()
    }
  }

  /// In brackets when the colons of an IPv6 address would be taken for a port's.
  package var description: String { kind == .ipv6 ? "[\(text)]" : text }

  private static func canonical(_ text: String, family: Int32) -> String? {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16) { address in
      guard inet_pton(family, text, address.baseAddress) == 1 else { return nil }
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { out in
        guard
          let name = inet_ntop(family, address.baseAddress, out.baseAddress, socklen_t(out.count))
        else { return nil }
        return String(cString: name)
      }
    }
  }

  private static func isName(_ text: String) -> Bool {
    guard (1...253).contains(text.utf8.count) else { return false }
    let labels = text.split(separator: ".", omittingEmptySubsequences: false)
    for label in labels {
      guard (1...63).contains(label.utf8.count), label.first != "-", label.last != "-" else {
        return false
      }
      let isPlain = label.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
      guard isPlain else { return false }
    }
    return labels.last.map { !$0.utf8.allSatisfy { 0x30...0x39 ~= $0 } } ?? false
  }
}
