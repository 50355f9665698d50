import Glibc

/// One attempt to connect over TCP.
///
/// It is made on a thread of its own, which a firewall may keep waiting for minutes.
final class ConnectionTrial: @unchecked Sendable {
  /// Signalled when the attempt has ended.
  let isDone = WakeUp()
  private let lock = Lock()
  private var hasConnected = false

  init(host: HostName, port: UInt16) {
    WorkerThread(name: "doctor connect") { [self] in
      if let descriptor = try? GRPCClientConnection.connect(
        to: .tcp(host: host.text, port: port))
      {
        close(descriptor)
        lock.withLock { hasConnected = true }
      }
      isDone.signal()
    }.detach()
  }

  /// Whether something took the connection.
  var isTaken: Bool { lock.withLock { hasConnected } }
}
