internal import CZMQ

/// A ZeroMQ socket: owned by one thread at a time, closed without lingering when released.
package final class ZMQSocket {
  package enum Kind {
    case subscriber
    case publisher
    case dealer
    case router
    case pair
    /// Either side of a relay, which passes subscriptions one way and messages the other.
    case relaySubscriber
    case relayPublisher

    var type: Int32 {
      switch self {
      case .subscriber: ZMQ_SUB
      case .publisher: ZMQ_PUB
      case .dealer: ZMQ_DEALER
      case .router: ZMQ_ROUTER
      case .pair: ZMQ_PAIR
      case .relaySubscriber: ZMQ_XSUB
      case .relayPublisher: ZMQ_XPUB
      }
    }
  }

  private let context: ZMQContext
  private let kind: Kind
  let handle: UnsafeMutableRawPointer

  package init(_ kind: Kind, in context: ZMQContext) throws(ZMQError) {
    guard let handle = zmq_socket(context.handle, kind.type) else {
      throw ZMQError("zmq_socket")
    }
    self.context = context
    self.kind = kind
    self.handle = handle
    try set(ZMQ_LINGER, 0)
    if kind != .pair { try set(ZMQ_IPV6, 1) }
  }

  deinit { zmq_close(handle) }

  func set(_ option: Int32, _ value: Int32) throws(ZMQError) {
    var value = value
    guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size) == 0 else {
      throw ZMQError("zmq_setsockopt \(option)")
    }
  }

  func set(_ option: Int32, bytes value: Int64) throws(ZMQError) {
    var value = value
    guard zmq_setsockopt(handle, option, &value, MemoryLayout<Int64>.size) == 0 else {
      throw ZMQError("zmq_setsockopt \(option)")
    }
  }

  /// Takes all messages whose first frame begins with `prefix`.
  package func subscribe(to prefix: String) throws(ZMQError) {
    guard zmq_setsockopt(handle, ZMQ_SUBSCRIBE, prefix, prefix.utf8.count) == 0 else {
      throw ZMQError("ZMQ_SUBSCRIBE")
    }
  }

  package func bind(_ endpoint: String) throws(ZMQError) {
    guard zmq_bind(handle, endpoint) == 0 else { throw ZMQError("bind \(endpoint)") }
  }

  /// Connects by the version of IP that suits the endpoint; a name is looked up for it.
  package func connect(_ endpoint: String) throws(ZMQError) {
    try connect(endpoint, over: IPVersion(of: endpoint))
  }

  func connect(_ endpoint: String, over version: IPVersion) throws(ZMQError) {
    if kind != .pair { try set(ZMQ_IPV6, version == .six ? 1 : 0) }
    guard zmq_connect(handle, endpoint) == 0 else { throw ZMQError("connect \(endpoint)") }
  }

  /// The endpoint that was bound or connected last, with the port that the system chose.
  package var lastEndpoint: String {
    var text = [UInt8](repeating: 0, count: 512)
    var size = text.count
    guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else { return "" }
    return String(decoding: text.prefix(max(size - 1, 0)), as: UTF8.self)
  }

  /// Sends a message, or nothing of it when there is no room.
  ///
  /// - Returns: Whether it was taken.
  @discardableResult
  package func send(_ frames: [[UInt8]]) -> Bool {
    for (index, frame) in frames.enumerated() {
      let more = index < frames.count - 1 ? ZMQ_SNDMORE : 0
      while zmq_send(handle, frame, frame.count, more | ZMQ_DONTWAIT) < 0 {
        let error = zmq_errno()
        if error == EINTR { continue }
        precondition(error == EAGAIN || error == EHOSTUNREACH, "\(ZMQError("zmq_send"))")
        return false
      }
    }
    return true
  }
}
