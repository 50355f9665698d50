internal import CZMQ

/// One address of ours that engines connect to, and behind it one subscription a source.
///
///     engine ──▶ XSUB, bound where engines connect ──▶ XPUB on a Unix socket ──▶ one SUB a source
///
/// Engines that share an address tell themselves apart by their topics, `kv@HOST:PORT@MODEL`: each
/// source subscribes to the topic of its own endpoint, and libzmq passes the subscription on to the
/// engines. What a source sees of its connection is the relay's; that an engine was started anew
/// shows in its sequence numbers.
package final class EventRelay: @unchecked Sendable {
  private static let highWaterMark: Int32 = 100_000

  /// Where engines connect.
  package let endpoint: String
  /// Where sources connect.
  package let address: EventAddress
  private let directory: TemporaryDirectory
  private let context = ZMQContext()
  private let thread: WorkerThread

  /// Listens, and passes on what comes until `stop`.
  ///
  /// - Parameter endpoint: Where engines connect, for example `tcp://*:5557`.
  /// - Throws: `ZMQError` when that is taken, `SystemError` when there is no room for the socket.
  package init(bindingTo endpoint: String) throws {
    self.endpoint = endpoint
    directory = try TemporaryDirectory(for: "kvindexer-relay")
    address = .ipc(path: directory.path(of: "events"))
    let front = try ZMQSocket(.relaySubscriber, in: context)
    let back = try ZMQSocket(.relayPublisher, in: context)
    for option in [ZMQ_RCVHWM, ZMQ_SNDHWM] {
      try front.set(option, Self.highWaterMark)
      try back.set(option, Self.highWaterMark)
    }
    try front.bind(endpoint)
    try back.bind("\(address)")
    let sockets = RelaySockets(front: front, back: back)
    thread = WorkerThread(name: "relay") { sockets.pass() }
  }

  /// Ends the thread and closes the address.
  package func stop() {
    zmq_ctx_shutdown(context.handle)
    thread.join()
    directory.remove()
  }
}

/// The sockets on their way to the thread that owns them.
private final class RelaySockets: @unchecked Sendable {
  private let front: ZMQSocket
  private let back: ZMQSocket

  init(front: ZMQSocket, back: ZMQSocket) {
    self.front = front
    self.back = back
  }

  /// Returns when the context shuts down.
  func pass() {
    withExtendedLifetime(self) { _ = zmq_proxy(front.handle, back.handle, nil) }
  }
}
