import KVIndexer

/// The thread that decodes what the subscriptions deliver and applies it to the index, in order.
///
/// Decoding and hashing happen outside the index's lock; a batch is applied in slices, so that
/// readers never wait for a whole one.
final class Ingest: @unchecked Sendable {
  /// Blocks that are applied, or dropped, before readers get their turn.
  private static let sliceBlocks = 256
  private static let dropBlocks = 4_096

  let queue: IngestQueue
  let fleet: SharedFleet
  private let metrics: ServiceMetrics
  let log: TrustLog
  private let feedback: Feedback
  private let lock = Lock()
  private var thread: WorkerThread?
  private var publishedCounters = EventDecodingCounters()
  let errands = Errands()

  // Of the thread:
  private var decoder: EventDecoder
  private var batch = EventBatch()

  /// What the subscription loop must hear of applied batches.
  struct Feedback: Sendable {
    var undecodable: @Sendable (SourceID, Incarnation, UInt64) -> Void
    var historyCleared: @Sendable (SourceID, Incarnation, UInt64) -> Void
    /// Events speak against the engine being the one that was followed.
    var doubted: @Sendable (SourceID, Incarnation) -> Void
    /// The connection to a source was lost.
    var disconnected: @Sendable (SourceID) -> Void
    /// The engine of a source is another one now.
    var incarnation: @Sendable (SourceID) -> Void
    /// Nothing of a source follows; its id is about to be free.
    var removed: @Sendable (SourceID) -> Void
  }

  init(
    fleet: SharedFleet, queue: IngestQueue, metrics: ServiceMetrics, log: TrustLog,
    feedback: Feedback
  ) {
    self.fleet = fleet
    self.queue = queue
    self.metrics = metrics
    self.log = log
    self.feedback = feedback
    decoder = EventDecoder(seed: fleet.hasher.seed)
  }

  func start() {
    errands.open { [queue] in queue.interrupt() }
    lock.withLock { thread = WorkerThread(name: "ingest") { self.run() } }
  }

  /// Applies what is queued and ends the thread.
  func stop() {
    queue.close()
    lock.withLock { thread }?.join()
  }

  /// What was decoded and skipped so far.
  var decodingCounters: EventDecodingCounters { lock.withLock { publishedCounters } }

  private func run() {
    var deliveries: [Delivery] = []
    while queue.take(into: &deliveries) {
      for delivery in deliveries {
        errands.run()
        apply(delivery)
      }
      errands.run()
      lock.withLock { publishedCounters = decoder.counters }
    }
    errands.close()
  }

  private func apply(_ delivery: Delivery) {
    let source = delivery.source
    switch delivery.content {
    case .batch(let sequence, let payload, let receivedAt):
      apply(payload, sequence, source, delivery.incarnation, receivedAt)
    case .newIncarnation(let cause):
      let dropped =
        drop(source) + fleet.write { $0.beginIncarnation(delivery.incarnation, of: source) }
      if cause.provesRestart { feedback.incarnation(source) }
      if delivery.incarnation.number > 1 || dropped > 0 {
        log.say(
          .warning, of: source,
          "the engine's cache is a new one (\(cause.name)); "
            + "\(dropped) blocks of the old one are dropped")
      }
    case .snapshot(let snapshot, let last):
      apply(snapshot, upTo: last, source, delivery.incarnation)
    case .state(let state):
      fleet.write { $0.setStream(state, of: source) }
      if case .disconnected = state { feedback.disconnected(source) }
    case .reset(let reset, let fence):
      apply(reset, fence, to: source, delivery.incarnation)
    case .removed:
      feedback.removed(source)
      _ = drop(source)
      fleet.write { $0.removeSource(source) }
      return log.forget(source)
    }
    log.note(source)
  }

  /// Drops what a source holds, in slices.
  ///
  /// - Returns: Residencies dropped.
  func drop(_ source: SourceID) -> Int {
    var dropped = 0
    while true {
      let slice = fleet.write { $0.dropSlice(of: source, blocksMax: Self.dropBlocks) }
      guard slice > 0 else { return dropped }
      dropped += slice
    }
  }

  private func apply(
    _ payload: [UInt8], _ sequence: UInt64, _ source: SourceID, _ incarnation: Incarnation,
    _ receivedAt: UInt64
  ) {
    let message = payload.span.withUnsafeBytes { bytes in
      SequenceTracker.Record.Message(sequence: sequence, digest: PayloadDigest(of: bytes))
    }
    do throws(EventDecodingError) {
      try decode(payload)
    } catch {
      log.say(.error, of: source, "message \(sequence) can't be decoded: \(error)")
      fleet.write {
        $0.noteApplied(
          message, isUndecodable: true, isCleared: false, of: source, incarnation: incarnation)
      }
      feedback.undecodable(source, incarnation, sequence)
      return
    }
    if batch.timestamp > 0 {
      metrics.eventLag.observe(max(WallClock.seconds() - batch.timestamp, 0))
    }
    let (isCleared, isDoubtful) = applyBatch(of: source, incarnation, as: message)
    metrics.applyLatency.observe(
      Double(MonotonicClock.nowNanoseconds() &- receivedAt) / 1e9)
    if isCleared { feedback.historyCleared(source, incarnation, sequence) }
    guard isDoubtful else { return }
    log.say(
      .warning, of: source,
      "blocks are stored under parents that were never announced, one after the other: the engine "
        + "has to prove that it is the one that was followed")
    feedback.doubted(source, incarnation)
  }

  func decode(_ payload: [UInt8]) throws(EventDecodingError) {
    try payload.span.withUnsafeBytes { bytes throws(EventDecodingError) in
      try decoder.decode(bytes, into: &batch)
    }
    fleet.hasher.prepare(&batch)
  }

  /// Applies what was decoded last, in slices.
  ///
  /// - Parameter message: What it came as in the live stream; nil for a part of a snapshot.
  @discardableResult
  func applyBatch(
    of source: SourceID, _ incarnation: Incarnation, as message: SequenceTracker.Record.Message?
  ) -> (isCleared: Bool, isDoubtful: Bool) {
    var isCleared = false
    var isDoubtful = false
    var start = 0
    repeat {
      let end = sliceEnd(from: start)
      let now = MonotonicClock.nowNanoseconds()
      fleet.write {
        let clears = $0.apply(
          batch, events: start..<end, from: source, incarnation: incarnation, now: now)
        isCleared = isCleared || clears
        isDoubtful = $0.takeDoubt(of: source) || isDoubtful
        guard let message, end == batch.events.count else { return }
        $0.noteApplied(message, isCleared: isCleared, of: source, incarnation: incarnation)
      }
      start = end
    } while start < batch.events.count
    return (isCleared, isDoubtful)
  }

  private func sliceEnd(from start: Int) -> Int {
    var blocks = 0
    var end = start
    while end < batch.events.count, blocks < Self.sliceBlocks {
      blocks += max(batch.events[end].hashes.count, 1)
      end += 1
    }
    return end
  }
}
