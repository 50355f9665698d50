internal import CZMQ
internal import KVIndexer

/// The sockets and the tracker of one source.
///
/// It belongs to the loop's thread once it was handed over; only `snapshot` is for all threads.
final class SourceSubscription: @unchecked Sendable {
  struct HeldPayload {
    var bytes: [UInt8]
    var receivedAtNanoseconds: UInt64
  }

  /// A message whose payload is still in the socket's buffer.
  struct GivenPayload {
    var bytes: UnsafeRawBufferPointer
    var receivedAtNanoseconds: UInt64
  }

  let target: SubscriptionTarget
  let settings: SubscriptionSettings
  /// Found out beforehand: the loop's thread must not wait for a name to be looked up.
  let replayVersion: IPVersion
  let subscriber: ZMQSocket
  let monitor: ConnectionMonitor
  let context: ZMQContext
  /// Shared by the sources of the loop.
  let pacer: ReplayPacer
  let twins: TwinDetector
  let outlet: SubscriptionOutlet
  var tracker: SequenceTracker
  var incarnation = Incarnation(0)
  var held = FIFO<HeldPayload>()
  var exchange: ReplayExchange?
  /// What is to be asked for once there is a place.
  var waitingRequest: ReplayExchange.Request?
  /// When the open exchange has failed, unless something comes.
  var exchangeDeadlineNanoseconds: UInt64?
  /// When it has failed, whatever comes.
  var exchangeEndNanoseconds: UInt64 = 0
  /// Since when the exchange waits for room in the consumer's queue; nil while it has some.
  var roomAwaitedSinceNanoseconds: UInt64?
  /// A snapshot of the engine, until it is proven to be this engine's.
  var unproven: CacheSnapshot?
  /// Whether the next replay is put off by a random time.
  var isReplayDelayed = false
  var counters = SubscriptionCounters()
  /// Whether several engines send here, so that it can't be told whose cache it is.
  private(set) var isContested = false
  private var topic: [UInt8] = []
  private var topicText = ""
  private let lock = Lock()
  private var published = SubscriptionSnapshot()

  init(
    _ target: SubscriptionTarget, restoring restored: RestoredStream? = nil,
    settings: SubscriptionSettings, in context: ZMQContext, pacer: ReplayPacer,
    twins: TwinDetector, outlet: SubscriptionOutlet
  ) throws(ZMQError) {
    self.target = target
    self.settings = settings
    self.context = context
    self.pacer = pacer
    self.twins = twins
    self.outlet = outlet
    let trackerSettings = settings.tracker(hasReplay: target.replayEndpoint != nil)
    tracker =
      restored.map { SequenceTracker(settings: trackerSettings, restoring: $0.record) }
      ?? SequenceTracker(settings: trackerSettings)
    incarnation = restored?.incarnation ?? Incarnation(0)
    replayVersion = target.replayEndpoint.map { IPVersion(of: $0) } ?? .six
    subscriber = try ZMQSocket(.subscriber, in: context)
    monitor = try ConnectionMonitor(subscriber, in: context)
    try open()
  }

  private func open() throws(ZMQError) {
    try subscriber.set(ZMQ_RCVHWM, settings.receiveHighWaterMark)
    try subscriber.set(ZMQ_MAXMSGSIZE, bytes: settings.messageBytesMax)
    try subscriber.set(ZMQ_CONNECT_TIMEOUT, settings.connectTimeoutMilliseconds)
    try subscriber.set(ZMQ_RECONNECT_IVL, settings.reconnectMilliseconds)
    try subscriber.set(ZMQ_RECONNECT_IVL_MAX, settings.reconnectMillisecondsMax)
    try subscriber.set(ZMQ_HEARTBEAT_IVL, settings.heartbeatMilliseconds)
    try subscriber.set(ZMQ_HEARTBEAT_TIMEOUT, settings.heartbeatTimeoutMilliseconds)
    try subscriber.set(ZMQ_TCP_KEEPALIVE, 1)
    try subscriber.set(ZMQ_TCP_KEEPALIVE_IDLE, settings.keepaliveIdleSeconds)
    try subscriber.set(ZMQ_TCP_KEEPALIVE_INTVL, settings.keepaliveIntervalSeconds)
    try subscriber.set(ZMQ_TCP_KEEPALIVE_CNT, settings.keepaliveProbes)
    try subscriber.subscribe(to: target.topic)
    if target.isBound {
      try subscriber.bind(target.endpoint)
    } else {
      try subscriber.connect(target.endpoint)
    }
    published.endpoint = subscriber.lastEndpoint
  }

  /// The state and counters after the last turn that this source had.
  var snapshot: SubscriptionSnapshot { lock.withLock { published } }

  /// When the source needs a turn even if nothing comes.
  var deadlineNanoseconds: UInt64 {
    min(tracker.wakesAtNanoseconds ?? .max, exchangeDeadlineNanoseconds ?? .max)
  }

  /// Deals with what has come, up to a slice of each socket, and with what is due.
  func takeTurn(message: MultipartMessage) {
    takeConnectionChanges(message)
    takeLive(message, limit: settings.sliceMessages)
    takeReplayed()
    let now = MonotonicClock.nowNanoseconds()
    if let deadline = exchangeDeadlineNanoseconds, now >= deadline {
      failExchange(now: now)
    }
    if let time = tracker.wakesAtNanoseconds, now >= time {
      tracker.tick(now: now)
      performActions()
    }
    publishSnapshot()
  }

  func undecodable(_ sequence: UInt64, of incarnation: Incarnation) {
    guard incarnation == self.incarnation else { return }
    tracker.undecodable(sequence)
    performActions()
    publishSnapshot()
  }

  func historyCleared(at sequence: UInt64, of incarnation: Incarnation) {
    guard incarnation == self.incarnation else { return }
    tracker.historyCleared(at: sequence)
    performActions()
    publishSnapshot()
  }

  func historyKnown(of incarnation: Incarnation) {
    guard incarnation == self.incarnation else { return }
    tracker.historyKnown()
    performActions()
    publishSnapshot()
  }

  func suspect(_ incarnation: Incarnation?) {
    if let incarnation, incarnation != self.incarnation { return }
    tracker.suspect(now: MonotonicClock.nowNanoseconds())
    performActions()
    publishSnapshot()
  }

  func resync(_ cause: IncarnationCause) {
    tracker.resync(cause, now: MonotonicClock.nowNanoseconds())
    performActions()
    publishSnapshot()
  }

  /// Takes somebody's word that the cache is empty, behind what has come so far.
  func reset(_ reset: CacheReset, _ message: MultipartMessage) {
    takeLive(message, limit: Int(settings.receiveHighWaterMark))
    let outcome = tracker.fence(now: MonotonicClock.nowNanoseconds())
    guard outcome == .set, let fence = tracker.fenceMessage else {
      return reset.end(.refused(outcome))
    }
    if reset.kind == .incarnation {
      counters.incarnations[.requested, default: 0] += 1
      incarnation.number &+= 1
    }
    deliver(.reset(reset, fence: fence))
    performActions()
    publishSnapshot()
  }

  func remove() {
    closeExchange()
    twins.forget(target.source)
    deliver(.removed)
  }

  private func takeConnectionChanges(_ message: MultipartMessage) {
    while let change = monitor.next() {
      switch change {
      case .connected:
        counters.connections += 1
        isReplayDelayed = counters.connections > 1
        tracker.connected(now: MonotonicClock.nowNanoseconds())
      case .disconnected where monitor.peers > 0:
        counters.disconnections += 1
        // Which one is left has to be found out.
        if isContested { tracker.connected(now: MonotonicClock.nowNanoseconds()) }
      case .disconnected:
        counters.disconnections += 1
        // What is queued came from the peer that is gone, so it comes first.
        takeLive(message, limit: Int(settings.receiveHighWaterMark))
        tracker.disconnected(now: MonotonicClock.nowNanoseconds())
      }
      performActions()
      noteContest()
    }
  }

  /// Says that nothing is known while several engines send to an address that is one engine's.
  private func noteContest() {
    let isContested = target.isBound && target.topic.isEmpty && monitor.peers > 1
    guard isContested != self.isContested else { return }
    self.isContested = isContested
    deliver(.state(isContested ? .bootstrapping : tracker.state))
  }

  private func takeLive(_ message: MultipartMessage, limit: Int) {
    for _ in 0..<limit {
      guard message.receive(from: subscriber) else { return }
      guard case .batch(let sequence, let index, let topic) = EventMessage.live(message) else {
        counters.malformedMessages += 1
        continue
      }
      if let topic { note(topic: message.frame(topic)) }
      counters.liveMessages += 1
      let payload = take(message.frame(index))
      noteNews(sequence, payload)
      let digest = PayloadDigest(of: payload.bytes)
      noteTwins(sequence, digest)
      tracker.live(
        sequence, digest: digest, byteCount: payload.bytes.count,
        now: payload.receivedAtNanoseconds)
      performActions(payload)
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> GivenPayload {
    counters.payloadBytes += UInt64(bytes.count)
    return GivenPayload(bytes: bytes, receivedAtNanoseconds: MonotonicClock.nowNanoseconds())
  }

  /// Takes note of a message that is news: what a replay says again is no sign of life.
  func noteNews(_ sequence: UInt64, _ payload: GivenPayload) {
    counters.lastSequence = sequence
    counters.lastReceivedNanoseconds = payload.receivedAtNanoseconds
  }

  func noteTwins(_ sequence: UInt64, _ digest: PayloadDigest) {
    guard let twin = twins.note(sequence, digest, from: target.source) else { return }
    outlet.onTwins(twin, target.source)
  }

  private func note(topic frame: UnsafeRawBufferPointer) {
    guard !frame.elementsEqual(topic) else { return }
    topic = Array(frame)
    topicText = String(decoding: topic, as: UTF8.self)
  }

  func publishSnapshot() {
    lock.withLock {
      published.state = tracker.state
      published.incarnation = incarnation
      published.counters = counters
      published.peers = monitor.peers
      published.isDeaf = tracker.isDeaf
      published.topic = topicText
    }
  }
}
