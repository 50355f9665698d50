internal import CZMQ
internal import Glibc
internal import KVIndexer
package import Simulation

/// Publishes event batches as an engine does: a PUB socket, a ring of the last batches, and a
/// ROUTER that answers replay requests from it, and tells what the engine caches if it is to.
///
/// A thread of its own owns both sockets, so publishing and replays keep their order, and a long
/// replay delays live batches as it does in an engine.
package final class EventPublisher: @unchecked Sendable {
  package struct Settings: Sendable, Equatable {
    package var endpoint: String
    /// Whether the endpoint is bound, as engines do by default, or connected to.
    package var isBound = true
    /// Always bound; nil to offer no replay.
    package var replayEndpoint: String?
    package var topic = ""
    /// Batches that the ring keeps.
    package var bufferSteps = 10_000
    /// Batches that libzmq queues for a slow subscriber before it drops some.
    package var highWaterMark: Int32 = 100_000
    /// Batches that wait for the thread before `publish` waits for room.
    package var queueMax = 100_000
    /// Whether replayed batches carry the topic frame, which older engines leave out.
    package var replaysTopic = true
    /// Writes snapshots for who asks the ROUTER for one (`ReplaySocketSnapshot`); nil to offer none.
    package var snapshots: EventEncoder?

    package init(endpoint: String, replayEndpoint: String? = nil) {
      self.endpoint = endpoint
      self.replayEndpoint = replayEndpoint
    }
  }

  private struct Batch {
    var payload: [UInt8]
    var events: [EngineEvent]
    /// How often it is sent.
    var copies: Int
  }

  /// Events of one message of a snapshot.
  private static let snapshotEventsMax = 64

  /// The endpoints with the ports that the system chose for bound ones.
  package let endpoint: String
  package let replayEndpoint: String?

  private let settings: Settings
  private let context: ZMQContext?
  private let topic: [UInt8]
  private let wakeUp = WakeUp()
  private let condition = ConditionLock()

  // Under the condition's lock:
  private var queue: [Batch] = []
  private var nextSequence: UInt64 = 0
  private var sentEnd: UInt64 = 0
  private var isStopping = false
  private var isDropping = false
  private var thread: WorkerThread?

  // Of the thread; released by it, so that ports are free when `stop()` returns:
  /// Nil for as long as its port is not free again; batches then go into the ring only.
  private var publisher: ZMQSocket?
  private var replayer: ZMQSocket?
  private var ring: ReplayRing
  /// What the batches of the ring's whole past come to.
  private var active = ActiveBlocks()
  private let message = MultipartMessage()

  /// Opens the sockets and starts the thread.
  ///
  /// - Parameter context: By default one for each socket, which makes `stop()` wait until the ports
  ///   are free.
  package init(_ settings: Settings, context: ZMQContext? = nil) throws(ZMQError) {
    self.settings = settings
    self.context = context
    topic = Array(settings.topic.utf8)
    ring = ReplayRing(capacity: settings.bufferSteps)
    let publisher = try Self.open(settings.endpoint, settings, context)
    endpoint = publisher.lastEndpoint
    self.publisher = publisher
    if let replay = settings.replayEndpoint {
      let replayer = try ZMQSocket(.router, in: context ?? ZMQContext())
      // A ROUTER drops what does not fit, and an answer must fit whole.
      try replayer.set(ZMQ_SNDHWM, Int32(settings.bufferSteps + 1_000))
      try replayer.bind(replay)
      replayEndpoint = replayer.lastEndpoint
      self.replayer = replayer
    } else {
      replayEndpoint = nil
    }
    condition.withLock { thread = WorkerThread(name: "publisher") { self.run() } }
  }

  private static func open(
    _ endpoint: String, _ settings: Settings, _ context: ZMQContext?
  ) throws(ZMQError) -> ZMQSocket {
    let publisher = try ZMQSocket(.publisher, in: context ?? ZMQContext())
    try publisher.set(ZMQ_SNDHWM, settings.highWaterMark)
    if settings.isBound {
      try publisher.bind(endpoint)
    } else {
      try publisher.connect(endpoint)
    }
    return publisher
  }

  /// Numbers a batch and has it published; waits while too many are queued.
  ///
  /// - Parameters:
  ///   - events: What the batch says, where snapshots are offered.
  ///   - isLost: Keep it in the ring only, as if it had been dropped on the way.
  /// - Returns: Its sequence.
  @discardableResult
  package func publish(
    _ payload: [UInt8], events: [EngineEvent] = [], isLost: Bool = false
  ) -> UInt64 {
    publish(payload, events: events, copies: isLost ? 0 : 1)
  }

  /// Numbers a batch and has it published as often as `copies` says, with the same number.
  ///
  /// - Returns: Its sequence.
  @discardableResult
  package func publish(
    _ payload: [UInt8], events: [EngineEvent] = [], copies: Int
  ) -> UInt64 {
    let sequence = condition.withLock {
      while queue.count >= settings.queueMax, !isStopping { condition.wait() }
      queue.append(Batch(payload: payload, events: events, copies: copies))
      nextSequence += 1
      return nextSequence - 1
    }
    wakeUp.signal()
    return sequence
  }

  /// Waits until everything published before was given to libzmq.
  package func flush() {
    condition.withLock {
      let end = nextSequence
      while sentEnd < end, !isStopping { condition.wait() }
    }
  }

  /// Cuts all subscribers off, as a failing network does; they may connect again at once.
  package func dropConnections() {
    condition.withLock { isDropping = true }
    wakeUp.signal()
  }

  /// Closes the sockets, whatever subscribers have not got yet, and waits for the thread.
  package func stop() {
    let thread = condition.withLock {
      isStopping = true
      condition.broadcast()
      return self.thread
    }
    wakeUp.signal()
    thread?.join()
  }

  private func run() {
    var items = [zmq_pollitem_t(), zmq_pollitem_t()]
    items[0].fd = wakeUp.descriptor
    items[1].socket = replayer?.handle
    for index in items.indices { items[index].events = Int16(ZMQ_POLLIN) }
    while sendQueued() {
      let status = zmq_poll(&items, replayer == nil ? 1 : 2, publisher == nil ? 10 : -1)
      precondition(status >= 0 || zmq_errno() == EINTR, "\(ZMQError("zmq_poll"))")
      wakeUp.clear()
      answerRequests()
    }
    publisher = nil
    replayer = nil
  }

  /// - Returns: Whether the thread goes on.
  private func sendQueued() -> Bool {
    let (batches, isDropping, isStopping) = condition.withLock {
      defer {
        queue = []
        self.isDropping = false
      }
      return (queue, self.isDropping, self.isStopping)
    }
    if isDropping { publisher = nil }
    if publisher == nil { reopen() }
    for batch in batches {
      for _ in 0..<batch.copies {
        // What does not fit is dropped by a PUB socket, and is a gap for its subscriber.
        publisher?.send([topic, ring.end.sequenceFrame, batch.payload])
      }
      ring.append(batch.payload)
      if settings.snapshots != nil { active.apply(batch.events) }
    }
    condition.withLock {
      sentEnd = ring.end
      condition.broadcast()
    }
    return !isStopping
  }

  /// Opens the PUB socket again, or leaves it to the next round while the old one holds the port.
  private func reopen() {
    do throws(ZMQError) {
      publisher = try Self.open(endpoint, settings, context)
    } catch {
      precondition(error.code == EADDRINUSE, "\(error)")
    }
  }

  /// Answers requests `[identity, "", start]`; like an engine it ignores all others.
  private func answerRequests() {
    while let replayer, message.receive(from: replayer) {
      guard message.count == 3, message.frame(1).isEmpty else { continue }
      let identity = Array(message.frame(0))
      if let encoder = settings.snapshots,
        message.frame(2).elementsEqual(ReplaySocketSnapshot.request)
      {
        for batch in active.snapshot(eventsMax: Self.snapshotEventsMax) ?? [] {
          let payload = encoder.encode(EngineBatch(timestamp: 0, events: batch))
          send(payload, numbered: ring.end, to: identity, replayer)
        }
      } else {
        let start = message.frame(2).suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        for sequence in ring.sequences(from: start) {
          send(ring[sequence], numbered: sequence, to: identity, replayer)
        }
      }
      let endTopics: [[UInt8]] = settings.replaysTopic ? [[]] : []
      replayer.send([identity, []] + endTopics + [UInt64.max.sequenceFrame, []])
    }
  }

  private func send(
    _ payload: [UInt8], numbered sequence: UInt64, to identity: [UInt8], _ replayer: ZMQSocket
  ) {
    let topics = settings.replaysTopic ? [topic] : []
    replayer.send([identity, []] + topics + [sequence.sequenceFrame, payload])
  }
}
