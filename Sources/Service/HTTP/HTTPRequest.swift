import CMHD
import Glibc

/// A request whose body has arrived in full.
///
/// It borrows the connection that it came on, so a handler can look at it but not keep it.
package struct HTTPRequest: ~Copyable {
  package let method: HTTPMethod
  /// Without the query, percent-decoded.
  package let path: String
  package let body: [UInt8]
  private let connection: OpaquePointer

  init(method: HTTPMethod, path: String, body: [UInt8], connection: OpaquePointer) {
    self.method = method
    self.path = path
    self.body = body
    self.connection = connection
  }

  /// The first header of this name, in any case of its letters.
  package func header(_ name: String) -> String? {
    value(name, .HEADER_KIND)
  }

  /// The first parameter of this name in the query, percent-decoded; empty when it has no value.
  package func query(_ name: String) -> String? {
    value(name, .GET_ARGUMENT_KIND)
  }

  /// The peer's IP address without its port; `unix` on a Unix socket.
  package var client: String {
    guard let address = cmhd_client_address(connection) else { return "unix" }
    return switch Int32(address.pointee.sa_family) {
    case AF_INET:
      Self.text(AF_INET, UnsafeRawPointer(address) + 4, INET_ADDRSTRLEN)
    case AF_INET6:
      Self.text(AF_INET6, UnsafeRawPointer(address) + 8, INET6_ADDRSTRLEN)
    default: "unix"
    }
  }

  /// Prints the address of a family, which stands at a fixed place in its `sockaddr`.
  private static func text(
    _ family: Int32, _ address: UnsafeRawPointer, _ capacity: Int32
  ) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(capacity)) { out in
      inet_ntop(family, address, out.baseAddress, socklen_t(out.count))
        .map { String(cString: $0) } ?? "unknown"
    }
  }

  private func value(_ name: String, _ kind: MHD_ValueKind) -> String? {
    var value: UnsafePointer<CChar>?
    guard
      MHD_lookup_connection_value_n(connection, kind, name, name.utf8.count, &value, nil) == .YES
    else { return nil }
    return value.map { String(cString: $0) } ?? ""
  }
}
