internal import CZMQ

/// One request for a replay and its answer, on a socket of its own.
///
/// A new socket for each request means that an answer can't be mistaken for another one's, and that
/// no connection to an idle engine is kept.
final class ReplayExchange {
  enum Outcome {
    case complete
    case partial
    case empty
  }

  let socket: ZMQSocket
  private let start: UInt64
  private var next: UInt64?
  private var hasHole = false
  private var malformed = 0

  init(
    endpoint: String, over version: IPVersion, from start: UInt64, settings: SubscriptionSettings,
    in context: ZMQContext
  ) throws(ZMQError) {
    self.start = start
    socket = try ZMQSocket(.dealer, in: context)
    try socket.set(ZMQ_RCVHWM, settings.receiveHighWaterMark)
    try socket.set(ZMQ_MAXMSGSIZE, bytes: settings.messageBytesMax)
    try socket.set(ZMQ_CONNECT_TIMEOUT, settings.connectTimeoutMilliseconds)
    try socket.set(ZMQ_RECONNECT_IVL, settings.reconnectMilliseconds)
    try socket.connect(endpoint, over: version)
    // The server is a ROUTER that expects an empty delimiter, and else gives no answer at all.
    socket.send([[], start.sequenceFrame])
  }

  /// Takes note of a message of the answer.
  ///
  /// - Returns: Whether it can be one: the numbers of an answer ascend.
  func received(_ sequence: UInt64) -> Bool {
    if let next {
      guard sequence >= next else { return false }
      hasHole = hasHole || sequence > next
    } else {
      hasHole = sequence > start
    }
    next = sequence + 1
    return true
  }

  /// Takes note of a message that makes no sense.
  ///
  /// - Returns: How many there were.
  func countMalformed() -> Int {
    malformed += 1
    return malformed
  }

  /// What the answer amounts to, now that it has ended.
  var outcome: Outcome { next == nil ? .empty : hasHole ? .partial : .complete }
}
