internal import CZMQ
internal import KVIndexer

/// One request on an engine's replay socket and its answer, on a socket of its own.
///
/// A new socket for each request means that an answer can't be mistaken for another one's, and that
/// no connection to an idle engine is kept.
final class ReplayExchange {
  enum Request {
    case replay(from: UInt64)
    case snapshot

    fileprivate var frame: [UInt8] {
      switch self {
      case .replay(let start): start.sequenceFrame
      case .snapshot: ReplaySocketSnapshot.request
      }
    }
  }

  enum Outcome {
    case complete
    case partial
    case empty
  }

  let socket: ZMQSocket
  /// The message received last.
  let message = MultipartMessage()
  /// Whether it waits to be dealt with.
  private(set) var isPending = false
  /// What comes of a snapshot; nil where a replay was asked for, and once it was taken.
  private var snapshot: ReplaySocketSnapshot?
  let isSnapshot: Bool
  private var start: UInt64 = 0
  private var next: UInt64?
  private var hasHole = false
  private var malformed = 0

  init(
    endpoint: String, over version: IPVersion, _ request: Request, settings: SubscriptionSettings,
    in context: ZMQContext
  ) throws(ZMQError) {
    switch request {
    case .replay(let start):
      self.start = start
      isSnapshot = false
    case .snapshot:
      snapshot = ReplaySocketSnapshot(bytesMax: settings.snapshotBytesMax)
      isSnapshot = true
    }
    socket = try ZMQSocket(.dealer, in: context)
    try socket.set(ZMQ_RCVHWM, settings.receiveHighWaterMark)
    try socket.set(ZMQ_MAXMSGSIZE, bytes: settings.messageBytesMax)
    try socket.set(ZMQ_CONNECT_TIMEOUT, settings.connectTimeoutMilliseconds)
    try socket.set(ZMQ_RECONNECT_IVL, settings.reconnectMilliseconds)
    try socket.connect(endpoint, over: version)
    // The server is a ROUTER that expects an empty delimiter, and else gives no answer at all.
    socket.send([[], request.frame])
  }

  /// Receives the next message of the answer, unless the last one still waits.
  ///
  /// - Returns: Whether there is one.
  func receive() -> Bool {
    if !isPending { isPending = message.receive(from: socket) }
    return isPending
  }

  /// Takes note that the message is dealt with.
  func dealtWith() { isPending = false }

  /// Takes note of a message of the answer to a request for a replay.
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

  /// Takes a message of a snapshot.
  func received(
    _ payload: UnsafeRawBufferPointer, resume: UInt64
  ) throws(CacheSnapshotError) {
    try snapshot?.append(payload, resume: resume)
  }

  /// The snapshot, now that its end has come; nil where none is offered.
  func takeSnapshot() -> CacheSnapshot? {
    guard let reader = snapshot.take() else { return nil }
    return reader.finish()
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
