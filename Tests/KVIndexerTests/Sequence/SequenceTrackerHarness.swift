import KVIndexer

/// A message as a test names it: which life of the engine published it, under which number.
struct Sighting: Hashable, CustomStringConvertible {
  var life: Int
  var sequence: UInt64

  var digest: PayloadDigest { PayloadDigest(UInt64(life) << 32 ^ sequence &* 0x9E37_79B9) }
  var description: String { "\(life):\(sequence)" }
}

/// A tracker together with what its caller keeps: held payloads and a consumer.
struct TrackerHarness {
  var tracker: SequenceTracker
  var held: [Sighting] = []
  /// Since the last new incarnation.
  var delivered: [Sighting] = []
  var incarnations: [IncarnationCause] = []
  var gaps: [Range<UInt64>] = []
  var gapCauses: [IncompleteCause] = []
  var requests: [UInt64] = []
  var drops: [SequenceTracker.DropReason] = []
  var cancelled = 0
  /// Whether the engine tells what it caches; requests for that are else answered at once.
  var offersSnapshots = false
  var snapshotRequests = 0
  /// The last message of the snapshot that the incarnation began with.
  var snapshotEnd: SequenceTracker.Record.Message?
  var announced = TrackerState.connecting
  var now: UInt64 = 0
  /// Deliveries that the consumer refuses next.
  var refusals = 0

  init(
    replay: Bool, heldMessagesMax: Int = 100, quiet: UInt64? = nil, delivered: Int = 0,
    connected: Bool = true
  ) {
    var settings = SequenceTracker.Settings(hasReplay: replay)
    settings.heldMessagesMax = heldMessagesMax
    settings.retryDelayNanoseconds = 100
    settings.quietNanoseconds = quiet
    tracker = SequenceTracker(settings: settings)
    guard connected else { return }
    connect()
    if replay { end() }
    for sequence in 0..<UInt64(delivered) { live(sequence) }
    requests = []
  }

  var state: TrackerState { tracker.state }

  /// The delivered sequences, for tests with a single life.
  var sequences: [UInt64] { delivered.map(\.sequence) }

  mutating func connect() {
    tracker.connected(now: now)
    drain()
  }

  mutating func disconnect() {
    tracker.disconnected(now: now)
    drain()
  }

  mutating func live(_ sequence: UInt64, life: Int = 0) {
    let sighting = Sighting(life: life, sequence: sequence)
    tracker.live(sequence, digest: sighting.digest, byteCount: 1, now: now)
    drain(given: sighting)
  }

  mutating func replayed(_ sequences: some Sequence<UInt64>, life: Int = 0) {
    for sequence in sequences {
      let sighting = Sighting(life: life, sequence: sequence)
      tracker.replayed(sequence, digest: sighting.digest, byteCount: 1, now: now)
      drain(given: sighting)
    }
  }

  /// A whole answer, of which a caller sees no more once the tracker opened or closed an exchange.
  mutating func answer(_ sequences: some Sequence<UInt64>, life: Int = 0) {
    let exchange = (requests.count, cancelled)
    for sequence in sequences {
      replayed(CollectionOfOne(sequence), life: life)
      guard exchange == (requests.count, cancelled) else { return }
    }
    end()
  }

  mutating func end() {
    tracker.replayEnded(now: now)
    drain()
  }

  mutating func snapshot(resume: UInt64) {
    tracker.snapshotReceived(resume: resume, now: now)
    drain()
  }

  mutating func fail() {
    tracker.replayFailed(now: now)
    drain()
  }

  mutating func suspect() {
    tracker.suspect(now: now)
    drain()
  }

  mutating func resync(_ cause: IncarnationCause) {
    tracker.resync(cause, now: now)
    drain()
  }

  @discardableResult
  mutating func fence() -> FenceOutcome {
    let outcome = tracker.fence(now: now)
    drain()
    return outcome
  }

  mutating func tick() {
    guard let time = tracker.wakesAtNanoseconds else { return }
    now = max(now, time)
    tracker.tick(now: now)
    drain()
  }

  mutating func drain(given: Sighting? = nil) {
    while let action = tracker.nextAction() {
      switch action {
      case .deliver(let sequence, let origin):
        guard let sighting = take(origin, given) else { continue }
        precondition(sighting.sequence == sequence, "\(sighting) is not \(sequence)")
        if refusals > 0 {
          refusals -= 1
          tracker.lost(sequence, now: now)
        } else {
          delivered.append(sighting)
        }
      case .drop(let origin, let reason):
        _ = take(origin, given)
        drops.append(reason)
      case .hold: if let given { held.append(given) }
      case .discardHeld: held = []
      case .requestReplay(let from): requests.append(from)
      case .requestSnapshot:
        snapshotRequests += 1
        if !offersSnapshots { tracker.replayEnded(now: now) }
      case .cancelReplay: cancelled += 1
      case .newIncarnation(let cause):
        incarnations.append(cause)
        snapshotEnd = nil
        delivered = []
        gaps = []
        gapCauses = []
      case .takeSnapshot(let last):
        snapshotEnd = last
        // Nothing of it may be credited before all that follows it is delivered.
        precondition(announced == .bootstrapping, "a snapshot while \(announced)")
        delivered = []
        gaps = []
        gapCauses = []
      case .declareGap(let range, let cause):
        gaps.append(range)
        gapCauses.append(cause)
      case .state(let state): announced = state
      }
    }
  }

  private mutating func take(
    _ origin: SequenceTracker.Origin, _ given: Sighting?
  ) -> Sighting? {
    guard origin == .held else { return given }
    return held.isEmpty ? nil : held.removeFirst()
  }
}
