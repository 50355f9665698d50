import CZMQ
import KVIndexer

/// Follows the events of one endpoint's ranks, whatever their topics, with an index of its own.
///
/// What the engine cached before is not known and not fetched: prompts that are looked up here are
/// new to the engine, so everything about them comes after the connection.
final class EventWatch: @unchecked Sendable {
  private static let byteBudget = 64 << 20

  /// One rank on the thread.
  private final class Rank {
    let subscriber: ZMQSocket
    let monitor: ConnectionMonitor
    let source: SourceID

    init(
      _ configuration: EventSourceConfiguration, source: SourceID, in context: ZMQContext
    ) throws(ZMQError) {
      let settings = SubscriptionSettings()
      subscriber = try ZMQSocket(.subscriber, in: context)
      monitor = try ConnectionMonitor(subscriber, in: context)
      self.source = source
      try subscriber.set(ZMQ_RCVHWM, settings.receiveHighWaterMark)
      try subscriber.set(ZMQ_MAXMSGSIZE, bytes: settings.messageBytesMax)
      try subscriber.set(ZMQ_RECONNECT_IVL, settings.reconnectMilliseconds)
      try subscriber.subscribe(to: "")
      if configuration.isBound {
        try subscriber.bind("\(configuration.eventAddress)")
      } else {
        try subscriber.connect("\(configuration.eventAddress)")
      }
    }
  }

  private let changed = WakeUp()
  private let ending = WakeUp()
  private let interruption: Interruption
  private let lock = Lock()
  // What the thread shares with who waits, under the lock.
  private var fleet: FleetIndex
  private var decoder: EventDecoder
  private var batch = EventBatch()
  private var matches = FleetMatches()
  private var facts: [StreamFacts] = []

  private var ranks: [Rank] = []
  private var thread: WorkerThread?
  private let message = MultipartMessage()

  /// Connects to the ranks' sockets; `stop` has to be called.
  ///
  /// - Throws: `ZMQError` when an address makes no sense or can't be bound.
  init(
    _ configuration: EndpointConfiguration, interruption: Interruption,
    context: ZMQContext = ZMQContext()
  ) throws(ZMQError) {
    self.interruption = interruption
    let hasher = BlockHasher()
    fleet = FleetIndex(hasher: hasher, byteBudget: Self.byteBudget)
    decoder = EventDecoder(seed: hasher.seed)
    for source in configuration.sources {
      let id = fleet.addSource(
        SourceConfiguration(
          endpoint: configuration.name, rank: source.rank, blockSize: configuration.blockSize,
          duplicates: configuration.duplicates))
      fleet.setStream(.live(.complete, replaying: false), of: id)
      ranks.append(try Rank(source, source: id, in: context))
      facts.append(StreamFacts())
    }
    thread = WorkerThread(name: "doctor events") { self.run() }
  }

  /// Closes the sockets and waits for the thread.
  func stop() {
    ending.signal()
    thread?.join()
    thread = nil
  }

  // MARK: For the examination's thread

  func facts(of rank: Int) -> StreamFacts { lock.withLock { facts[rank] } }

  func status(of rank: Int) -> SourceStatus? {
    lock.withLock { fleet.status(of: ranks[rank].source) }
  }

  /// What the rank would reuse of a prompt, by its events.
  func predict(_ tokens: [TokenID], salt: String? = nil, lora: String? = nil, rank: Int) -> Int {
    lock.withLock {
      let keys = PromptKeys(
        tokens: tokens, lora: lora, extras: PromptExtras(cacheSalt: salt),
        namespaces: fleet.namespaces(model: ""), hasher: fleet.hasher)
      fleet.match(keys, model: "", into: &matches)
      return matches[ranks[rank].source]?.matchedTokens ?? 0
    }
  }

  /// Waits until `isTrue`; false when there is no time left, or everything stops.
  func wait(until deadline: UInt64, _ isTrue: () -> Bool) -> Bool {
    while true {
      changed.clear()
      if isTrue() { return true }
      guard interruption.wait(for: changed, until: deadline) else { return isTrue() }
    }
  }

  // MARK: On the thread

  private func run() {
    var items = [zmq_pollitem_t()]
    items[0].fd = ending.descriptor
    for rank in ranks {
      for socket in [rank.subscriber, rank.monitor.socket] {
        var item = zmq_pollitem_t()
        item.socket = socket.handle
        items.append(item)
      }
    }
    for index in items.indices { items[index].events = Int16(ZMQ_POLLIN) }
    while true {
      let count = zmq_poll(&items, Int32(items.count), -1)
      precondition(count >= 0 || zmq_errno() == EINTR, "\(ZMQError("zmq_poll"))")
      if items[0].revents != 0 { break }
      for index in ranks.indices { takeTurn(index) }
      changed.signal()
    }
    lock.withLock { ranks.removeAll() }
  }

  private func takeTurn(_ index: Int) {
    let rank = ranks[index]
    while rank.monitor.next() != nil {}
    lock.withLock { facts[index].peers = rank.monitor.peers }
    while message.receive(from: rank.subscriber) {
      lock.withLock { take(rank, index) }
    }
  }

  private func take(_ rank: Rank, _ index: Int) {
    guard case .batch(let sequence, let payload, let topic) = EventMessage.live(message) else {
      facts[index].malformedMessages += 1
      return
    }
    facts[index].messages += 1
    if let topic {
      let text = message.frame(topic)
      facts[index].note(topic: String(decoding: text, as: UTF8.self))
    }
    let bytes = message.frame(payload)
    facts[index].note(PayloadDigest(of: bytes), of: sequence)
    if let shape = EventShape(bytes) { facts[index].shape = shape }
    do throws(EventDecodingError) {
      try decoder.decode(bytes, into: &batch)
    } catch {
      facts[index].undecodableMessages += 1
      return
    }
    facts[index].counters = decoder.counters
    fleet.hasher.prepare(&batch)
    fleet.apply(
      batch, from: rank.source, incarnation: Incarnation(0),
      now: MonotonicClock.nowNanoseconds())
  }
}
