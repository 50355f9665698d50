import Glibc
import Service

/// A sibling that answers one request, with an old snapshot or a part of it.
final class FaultyPeer: @unchecked Sendable {
  let address: String
  private let descriptor: Int32
  private let answer: [UInt8]
  private let lock = Lock()
  private var thread: WorkerThread?

  /// - Parameter count: The connection ends after so many of its bytes.
  init(_ snapshot: [UInt8], sending count: Int) throws(SystemError) {
    let (descriptor, port) = try LoopbackSocket.listen()
    self.descriptor = descriptor
    address = "http://127.0.0.1:\(port)"
    let head = """
      HTTP/1.1 200 OK\r
      Content-Type: application/octet-stream\r
      Content-Length: \(snapshot.count)\r
      \r\n
      """
    answer = Array(head.utf8) + snapshot.prefix(count)
    lock.withLock { thread = WorkerThread(name: "peer") { self.run() } }
  }

  /// Ends it, whether anybody has asked or not.
  func stop() {
    shutdown(descriptor, Int32(SHUT_RDWR))
    lock.withLock { thread }?.join()
    close(descriptor)
  }

  private func run() {
    let connection = accept(descriptor, nil, nil)
    guard connection >= 0 else { return }
    defer { close(connection) }
    // A request without a body is one packet.
    var request = [UInt8](repeating: 0, count: 4096)
    guard read(connection, &request, request.count) > 0 else { return }
    var sent = 0
    while sent < answer.count {
      let count = answer.withUnsafeBytes { bytes in
        send(
          connection, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }
}
