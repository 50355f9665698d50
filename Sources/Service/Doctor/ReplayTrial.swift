import CZMQ
import KVIndexer

/// One request for everything that an engine's replay endpoint still has.
struct ReplayTrial {
  var batches = 0
  var malformedMessages = 0
  /// Of the first batch.
  var start: UInt64?
  var hasHole = false
  var hasEnded = false
  var hasTopic = false
  /// Batches that are other than what was published under their sequence.
  var differing = 0

  private var next: UInt64?

  /// Asks, and reads until the end or the deadline.
  ///
  /// - Parameter published: Digests of messages that came as they were published, by sequence.
  init(
    _ address: EventAddress, published: [UInt64: PayloadDigest], until deadline: UInt64,
    interruption: Interruption
  ) throws(ZMQError) {
    let socket = try ZMQSocket(.dealer, in: ZMQContext())
    let settings = SubscriptionSettings()
    try socket.set(ZMQ_RCVHWM, settings.receiveHighWaterMark)
    try socket.set(ZMQ_MAXMSGSIZE, bytes: settings.messageBytesMax)
    try socket.connect("\(address)")
    socket.send([[], (0 as UInt64).sequenceFrame])
    let message = MultipartMessage()
    var items = [zmq_pollitem_t(), zmq_pollitem_t()]
    items[0].socket = socket.handle
    items[1].fd = interruption.descriptor
    for index in items.indices { items[index].events = Int16(ZMQ_POLLIN) }
    // What is no message of a replay is followed by no end of one.
    while !hasEnded, malformedMessages == 0 {
      let now = MonotonicClock.nowNanoseconds()
      guard now < deadline else { return }
      let status = zmq_poll(&items, 2, Int((deadline - now) / 1_000_000 + 1))
      precondition(status >= 0 || zmq_errno() == EINTR, "\(ZMQError("zmq_poll"))")
      if items[1].revents != 0 { return }
      while !hasEnded, message.receive(from: socket) { take(message, published) }
    }
  }

  private mutating func take(
    _ message: MultipartMessage, _ published: [UInt64: PayloadDigest]
  ) {
    switch EventMessage.replay(message) {
    case .malformed: malformedMessages += 1
    case .end: hasEnded = true
    case .batch(let sequence, let payload, let topic):
      batches += 1
      hasTopic = hasTopic || topic != nil
      if start == nil { start = sequence }
      if let next, sequence != next { hasHole = true }
      next = sequence &+ 1
      let digest = PayloadDigest(of: message.frame(payload))
      if let other = published[sequence], other != digest { differing += 1 }
    }
  }
}
