internal import CZMQ
package import KVIndexer

/// One thread that owns the sockets of all sources and hands over what they bring, in order.
///
/// The consumer is called on this thread, see `SubscriptionOutlet`, and must not wait: a batch that it
/// refuses is asked for again or declared lost, so that load never becomes back-pressure on an
/// engine. Replays wait for room instead, for their messages are kept by the engine.
package final class SubscriptionLoop: @unchecked Sendable {
  private enum Command {
    case add(SourceSubscription)
    case remove(SourceID)
    case undecodable(SourceID, Incarnation, UInt64)
    case historyCleared(SourceID, Incarnation, UInt64)
    case historyKnown(SourceID, Incarnation)
    case suspect(SourceID, Incarnation?)
    case resync(SourceID, IncarnationCause)
    case reset(SourceID, CacheReset)
  }

  private let context: ZMQContext
  private let settings: SubscriptionSettings
  private let outlet: SubscriptionOutlet
  private let wakeUp = WakeUp()

  private let lock = Lock()
  private var commands: [Command] = []
  private var isStopping = false
  private var thread: WorkerThread?
  /// All sources by the last command about them, for other threads.
  private var registered: [SourceID: SourceSubscription] = [:]
  private var publishedReplays = (open: 0, waiting: 0)

  // Of the loop's thread:
  private var subscriptions: [SourceSubscription] = []
  private var pollItems: [zmq_pollitem_t] = []
  private let message = MultipartMessage()
  private let pacer: ReplayPacer
  private let twins = TwinDetector()

  package init(
    context: ZMQContext = ZMQContext(), settings: SubscriptionSettings = SubscriptionSettings(),
    _ outlet: SubscriptionOutlet
  ) {
    self.context = context
    self.settings = settings
    self.outlet = outlet
    pacer = ReplayPacer(openMax: settings.replaysMax, seed: settings.replaySeed)
  }

  /// Starts the thread; the loop runs until `stop()`.
  package func start() {
    lock.withLock {
      precondition(thread == nil, "the loop was started before")
      thread = WorkerThread(name: "subscriptions") { self.run() }
    }
  }

  /// Closes all sockets and waits for the thread; no delivery follows.
  package func stop() {
    let thread = lock.withLock {
      isStopping = true
      return self.thread
    }
    wakeUp.signal()
    thread?.join()
  }

  /// Begins to follow a source.
  ///
  /// - Parameter restored: What an earlier process had applied of its stream; the engine has to
  ///   prove that it is the same one.
  /// - Throws: `ZMQError` when its endpoint makes no sense or can't be bound. An engine that can't
  ///   be reached is no error: it is tried until the source is removed.
  package func add(
    _ target: SubscriptionTarget, restoring restored: RestoredStream? = nil
  ) throws(ZMQError) {
    let subscription = try SourceSubscription(
      target, restoring: restored, settings: settings, in: context, pacer: pacer, twins: twins,
      outlet: outlet)
    lock.withLock {
      precondition(registered[target.source] == nil, "\(target.source) was added before")
      registered[target.source] = subscription
      commands.append(.add(subscription))
    }
    wakeUp.signal()
  }

  /// Stops following a source; `.removed` is its last delivery.
  ///
  /// Its id may be given to another source once that delivery was applied.
  package func remove(_ source: SourceID) {
    lock.withLock { registered[source] = nil }
    post(.remove(source))
  }

  /// Takes note that a delivered payload made no sense.
  package func undecodable(_ source: SourceID, _ incarnation: Incarnation, sequence: UInt64) {
    post(.undecodable(source, incarnation, sequence))
  }

  /// Takes note that a delivered message emptied the source's whole cache.
  package func historyCleared(_ source: SourceID, _ incarnation: Incarnation, sequence: UInt64) {
    post(.historyCleared(source, incarnation, sequence))
  }

  /// Takes note that all that the source's engine caches is known, although it was joined late.
  package func historyKnown(_ source: SourceID, _ incarnation: Incarnation) {
    post(.historyKnown(source, incarnation))
  }

  /// Has a source prove that its engine is the one that was followed.
  ///
  /// - Parameter incarnation: Whose engine is meant; nothing happens when another one has begun.
  package func suspect(_ source: SourceID, _ incarnation: Incarnation? = nil) {
    post(.suspect(source, incarnation))
  }

  /// Forgets what was delivered of a source, and fetches what its engine still has of it.
  package func resync(_ source: SourceID, _ cause: IncarnationCause) {
    post(.resync(source, cause))
  }

  /// Takes somebody's word that the cache of a source's engine is empty, behind what has come so far.
  package func reset(_ source: SourceID, _ reset: CacheReset) { post(.reset(source, reset)) }

  /// What is known of a source that was added and not removed.
  package func snapshot(of source: SourceID) -> SubscriptionSnapshot? {
    lock.withLock { registered[source] }?.snapshot
  }

  /// Replays that are open, and that wait for their place.
  package var replays: (open: Int, waiting: Int) { lock.withLock { publishedReplays } }

  /// Takes note that the consumer has room again that it was asked for.
  package func noteRoom() { wakeUp.signal() }

  private func post(_ command: Command) {
    lock.withLock { commands.append(command) }
    wakeUp.signal()
  }

  private func run() {
    while takeCommands() {
      grantPlaces()
      arrangePollItems()
      let status = zmq_poll(&pollItems, Int32(pollItems.count), pollMilliseconds())
      precondition(status >= 0 || zmq_errno() == EINTR, "\(ZMQError("zmq_poll"))")
      guard status >= 0 else { continue }
      if pollItems[0].revents != 0 { wakeUp.clear() }
      takeTurns()
    }
    subscriptions = []
    lock.withLock { registered = [:] }
  }

  /// Opens the replays whose turn has come.
  private func grantPlaces() {
    let now = MonotonicClock.nowNanoseconds()
    while let source = pacer.next(now: now) { subscription(of: source)?.openExchange() }
    let replays = (open: pacer.openCount, waiting: pacer.waitingCount)
    lock.withLock { publishedReplays = replays }
  }

  /// Gives each source that has something to do a turn.
  private func takeTurns() {
    let now = MonotonicClock.nowNanoseconds()
    var item = 1
    for subscription in subscriptions {
      let itemCount = subscription.exchange == nil ? 2 : 3
      let isReadable = (item..<(item + itemCount)).contains { pollItems[$0].revents != 0 }
      item += itemCount
      let isDue = now >= subscription.deadlineNanoseconds
      if isReadable || isDue || subscription.roomAwaitedSinceNanoseconds != nil {
        subscription.takeTurn(message: message)
      }
    }
  }

  /// - Returns: Whether the loop goes on.
  private func takeCommands() -> Bool {
    let (commands, isStopping) = lock.withLock {
      defer { self.commands = [] }
      return (self.commands, self.isStopping)
    }
    for command in commands {
      switch command {
      case .add(let subscription): subscriptions.append(subscription)
      case .remove(let source):
        subscription(of: source)?.remove()
        subscriptions.removeAll { $0.target.source == source }
      case .undecodable(let source, let incarnation, let sequence):
        subscription(of: source)?.undecodable(sequence, of: incarnation)
      case .historyCleared(let source, let incarnation, let sequence):
        subscription(of: source)?.historyCleared(at: sequence, of: incarnation)
      case .historyKnown(let source, let incarnation):
        subscription(of: source)?.historyKnown(of: incarnation)
      case .suspect(let source, let incarnation):
        subscription(of: source)?.suspect(incarnation)
      case .resync(let source, let cause): subscription(of: source)?.resync(cause)
      case .reset(let source, let reset): apply(reset, to: source)
      }
    }
    return !isStopping
  }

  private func apply(_ reset: CacheReset, to source: SourceID) {
    guard let subscription = subscription(of: source) else { return reset.end(.unknownSource) }
    subscription.reset(reset, message)
  }

  private func subscription(of source: SourceID) -> SourceSubscription? {
    subscriptions.first { $0.target.source == source }
  }

  /// The wake-up first; then for each source its events, its monitor, its exchange if one is open.
  private func arrangePollItems() {
    pollItems.removeAll(keepingCapacity: true)
    var item = zmq_pollitem_t()
    item.events = Int16(ZMQ_POLLIN)
    item.fd = wakeUp.descriptor
    pollItems.append(item)
    item.fd = 0
    for subscription in subscriptions {
      item.socket = subscription.subscriber.handle
      pollItems.append(item)
      item.socket = subscription.monitor.socket.handle
      pollItems.append(item)
      guard let exchange = subscription.exchange else { continue }
      item.socket = exchange.socket.handle
      // What it has waits there until there is room for it.
      let isRead = subscription.roomAwaitedSinceNanoseconds == nil
      item.events = isRead ? Int16(ZMQ_POLLIN) : 0
      pollItems.append(item)
      item.events = Int16(ZMQ_POLLIN)
    }
  }

  private func pollMilliseconds() -> Int {
    let sources = subscriptions.lazy.map(\.deadlineNanoseconds).min() ?? .max
    let deadline = min(sources, pacer.wakesAtNanoseconds ?? .max)
    guard deadline != .max else { return -1 }
    let now = MonotonicClock.nowNanoseconds()
    return deadline > now ? Int((deadline - now + 999_999) / 1_000_000) : 0
  }
}
