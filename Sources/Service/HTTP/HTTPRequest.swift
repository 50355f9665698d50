import CMHD

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

  private func value(_ name: String, _ kind: MHD_ValueKind) -> String? {
    var value: UnsafePointer<CChar>?
    guard
      MHD_lookup_connection_value_n(connection, kind, name, name.utf8.count, &value, nil) == .YES
    else { return nil }
    return value.map { String(cString: $0) } ?? ""
  }
}
