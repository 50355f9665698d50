/// Ports of the loopback interface: the usual ones where they are free.
struct DemoPorts {
  var gateway: UInt16
  var gatewayAdmin: UInt16
  var processor: UInt16
  var health: UInt16
  var metrics: UInt16
  var indexer: UInt16

  init() throws(SystemError) {
    gateway = try Self.port(8080)
    gatewayAdmin = try Self.port(9901)
    processor = try Self.port(9002)
    health = try Self.port(9003)
    metrics = try Self.port(9090)
    indexer = try Self.port(9300)
  }

  /// A port that nobody listens on, if possible this one.
  private static func port(_ wanted: UInt16) throws(SystemError) -> UInt16 {
    do throws(SystemError) {
      return try free(wanted)
    } catch {
      return try free(0)
    }
  }

  private static func free(_ port: UInt16) throws(SystemError) -> UInt16 {
    let socket = try ListeningSocket.listen(on: .tcp(host: "127.0.0.1", port: port))
    guard case .tcp(_, let actual) = socket.address else { return port }
    return actual
  }
}
