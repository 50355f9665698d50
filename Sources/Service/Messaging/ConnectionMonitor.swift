internal import CZMQ

/// Counts the peers of a socket from the notices that libzmq gives about it.
final class ConnectionMonitor {
  enum Change {
    case connected
    case disconnected
  }

  private static let events =
    ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL
    | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

  let socket: ZMQSocket
  private let message = MultipartMessage()
  private(set) var peers = 0
  /// The next disconnection is of a peer that never was counted.
  private var isHandshakeFailed = false

  /// Monitors `subject`, which has neither bound nor connected yet.
  init(_ subject: ZMQSocket, in context: ZMQContext) throws(ZMQError) {
    let address = "inproc://monitor-\(UInt(bitPattern: subject.handle))"
    guard zmq_socket_monitor(subject.handle, address, Self.events) == 0 else {
      throw ZMQError("zmq_socket_monitor")
    }
    socket = try ZMQSocket(.pair, in: context)
    try socket.connect(address)
  }

  /// The next change of peers, or nil when there is none.
  func next() -> Change? {
    while message.receive(from: socket) {
      let frame = message.frame(0)
      guard frame.count >= 2 else { continue }
      let event = Int32(frame.loadUnaligned(as: UInt16.self))
      let wasHandshakeFailed = isHandshakeFailed
      isHandshakeFailed = event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED && event != ZMQ_EVENT_DISCONNECTED
      if event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED {
        peers += 1
        return .connected
      }
      if event == ZMQ_EVENT_DISCONNECTED, !wasHandshakeFailed, peers > 0 {
        peers -= 1
        return .disconnected
      }
    }
    return nil
  }
}
