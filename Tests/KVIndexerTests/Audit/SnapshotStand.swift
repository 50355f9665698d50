import KVIndexer
import Simulation
import Testing

/// An engine that tells what it caches, a link that loses messages, a tracker and an index; each
/// answer of the index that is exact is held against what the engine held after the same message.
struct SnapshotStand {
  private struct Message {
    var life: Int
    var sequence: UInt64
    var payload: [UInt8]

    var digest: PayloadDigest { payload.withUnsafeBytes { PayloadDigest(of: $0) } }
  }

  /// What an engine has been asked for and has not answered whole.
  private enum Exchange {
    case snapshotAsked
    case snapshotComing([[UInt8]], resume: UInt64, life: Int)
    case replay([Message])
  }

  private static let blockSize = 4
  private static let ringMax = 12

  private var random: SplitMix64
  private let encoder = EventEncoder(generation: .v032)
  private let prompts: [[TokenID]]

  // The engine:
  private var engine: SimulatedEngine
  private var active = ActiveBlocks()
  private var life = 0
  private var next: UInt64 = 0
  private var ring: [Message] = []
  /// What each life held of each prompt, before its first message and after each.
  private var truth: [[[Int]]] = []

  // The link:
  private var isConnected = false
  private var inFlight: [Message] = []
  private var exchange: Exchange?
  private var isLossy = true

  // The indexer:
  private var tracker: SequenceTracker
  private let harness = FleetHarness()
  private let source: SourceID
  private var incarnation = Incarnation(1)
  private var held: [Message] = []
  private var snapshot: (payloads: [[UInt8]], life: Int)?
  /// The last message that was applied, contained in a snapshot or not.
  private var applied: (life: Int, sequence: UInt64)?
  private var now: UInt64 = 0
  private var snapshotsTaken = 0

  init(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    engine = try Self.makeEngine()
    prompts = (0..<6).map { number in
      // Pairs of prompts share their first half.
      let shared = (0..<12).map { TokenID(number / 2 * 1_000 + $0) }
      return shared + (0..<random.inside(5...14)).map { TokenID(100_000 + number * 1_000 + $0) }
    }
    var settings = SequenceTracker.Settings(hasReplay: true)
    settings.retryDelayNanoseconds = 40
    settings.quietNanoseconds = 90
    settings.heldMessagesMax = random.inside(3...30)
    tracker = SequenceTracker(settings: settings)
    self.random = random
    source = harness.add()
    recordTruth()
    for _ in 0..<40 { try work() }
  }

  private static func makeEngine() throws -> SimulatedEngine {
    try SimulatedEngine(
      EngineConfiguration(
        blockCount: 28, blockSize: blockSize, modelTokensMax: 80, batchedTokensMax: 24))
  }

  // MARK: The engine

  private mutating func recordTruth() {
    while truth.count <= life { truth.append([]) }
    truth[life].append(
      prompts.map { engine.cachedTokens(of: EngineRequest(tokens: $0, output: .sampled(1))) })
  }

  private mutating func work() throws {
    if engine.isIdle || random.below(4) == 0 {
      _ = try engine.submit(
        EngineRequest(
          tokens: prompts[random.below(prompts.count)], output: .sampled(random.inside(1...9)),
          readsCache: random.below(6) > 0),
        now: .zero)
    }
    let events = engine.step(now: .zero).events.map { EngineEvent($0) }
    guard !events.isEmpty else { return }
    let batch = EngineBatch(timestamp: Double(life) * 1e6 + Double(next), events: events)
    let message = Message(life: life, sequence: next, payload: encoder.encode(batch))
    next += 1
    active.apply(events)
    ring.append(message)
    if ring.count > Self.ringMax { ring.removeFirst() }
    recordTruth()
    if isConnected, !(isLossy && random.below(15) == 0) { inFlight.append(message) }
  }

  private mutating func restart() throws {
    life += 1
    engine = try Self.makeEngine()
    active = ActiveBlocks()
    next = 0
    ring = []
    recordTruth()
    for _ in 0..<random.below(60) { try work() }
  }

  // MARK: The link

  mutating func step() throws {
    now += 1
    switch random.below(24) {
    case 0..<8: try work()
    case 8..<16: try deliverLive()
    case 16..<22: try deliverAnswer()
    case 22:
      now += 30
      tracker.tick(now: now)
      try act()
    default: if random.below(6) == 0 || !isConnected { try changeConnection() }
    }
    try check()
  }

  private mutating func deliverLive() throws {
    guard isConnected, !inFlight.isEmpty else { return }
    let message = inFlight.removeFirst()
    tracker.live(
      message.sequence, digest: message.digest, byteCount: message.payload.count, now: now)
    try act(message)
  }

  private mutating func deliverAnswer() throws {
    switch exchange {
    case nil: return
    case .snapshotAsked:
      let batches = try #require(active.snapshot(eventsMax: random.inside(1...9)))
      let payloads = batches.map { encoder.encode(EngineBatch(timestamp: 0, events: $0)) }
      exchange = .snapshotComing(payloads, resume: next, life: life)
    case .snapshotComing(let payloads, let resume, let life):
      exchange = nil
      if isLossy, random.below(8) == 0 {
        tracker.replayFailed(now: now)
      } else {
        snapshot = (payloads, life)
        tracker.snapshotReceived(resume: resume, now: now)
      }
      try act()
    case .replay(var rest):
      if isLossy, random.below(40) == 0 {
        exchange = nil
        tracker.replayFailed(now: now)
        try act()
      } else if rest.isEmpty {
        exchange = nil
        tracker.replayEnded(now: now)
        try act()
      } else {
        let message = rest.removeFirst()
        exchange = .replay(rest)
        tracker.replayed(
          message.sequence, digest: message.digest, byteCount: message.payload.count, now: now)
        try act(message)
      }
    }
  }

  private mutating func changeConnection() throws {
    if isConnected {
      let isRestarted = random.below(2) == 0
      inFlight = []
      if isRestarted {
        try restart()
        inFlight = []
        // Before the loss is noticed, the new process may have answered.
        if random.below(2) == 0 { for _ in 0..<random.below(20) { try deliverAnswer() } }
      }
      isConnected = false
      tracker.disconnected(now: now)
    } else {
      isConnected = true
      tracker.connected(now: now)
    }
    try act()
  }

  // MARK: The indexer

  private mutating func act(_ given: Message? = nil) throws {
    while let action = tracker.nextAction() {
      switch action {
      case .deliver(let sequence, let origin):
        let message = origin == .held ? held.removeFirst() : try #require(given)
        #expect(message.sequence == sequence)
        try harness.apply(payload: message.payload, from: source, life: incarnation, now: now)
        applied = (message.life, sequence)
      case .drop(let origin, _): if origin == .held { held.removeFirst() }
      case .hold: held.append(try #require(given))
      case .discardHeld: held = []
      case .requestSnapshot: exchange = .snapshotAsked
      case .requestReplay(let start):
        exchange = .replay(ring.filter { $0.sequence >= start })
      case .cancelReplay: exchange = nil
      case .newIncarnation: begin()
      case .takeSnapshot(let last):
        begin()
        let (payloads, life) = try #require(snapshot)
        snapshot = nil
        for payload in payloads {
          try harness.apply(payload: payload, from: source, life: incarnation, now: now)
        }
        harness.fleet.noteSnapshot(upTo: last, of: source, incarnation: incarnation)
        applied = (life, last.sequence)
        snapshotsTaken += 1
      case .declareGap: break
      case .state(let state): harness.fleet.setStream(state, of: source)
      }
    }
  }

  private mutating func begin() {
    incarnation.number += 1
    harness.fleet.beginIncarnation(incarnation, of: source)
    applied = nil
  }

  /// Holds what the index says against what the engine held after the last applied message.
  private func check() throws {
    guard harness.status(source)?.trust == .exact else { return }
    let held = applied.map { truth[$0.life][Int($0.sequence) + 1] }
    for (number, prompt) in prompts.enumerated() {
      try #require(harness.matched(prompt) == held?[number] ?? 0, "prompt \(number)")
    }
  }

  /// Lets everything arrive; the source has to be exact, and as of the last message.
  mutating func settle() throws {
    isLossy = false
    if isConnected { try changeConnection() }
    // The ring can't show the last message any more.
    let before = next
    while next < before + 2 * UInt64(Self.ringMax) { try work() }
    let taken = snapshotsTaken
    try changeConnection()
    for _ in 0..<3 { try work() }
    for _ in 0..<10_000 where exchange != nil || !inFlight.isEmpty || isWaiting {
      now += 40
      tracker.tick(now: now)
      try act()
      try deliverLive()
      try deliverAnswer()
      try check()
    }
    #expect(harness.status(source)?.trust == .exact)
    #expect(snapshotsTaken > taken)
    #expect(applied.map { [UInt64($0.life), $0.sequence] } == [UInt64(life), next - 1])
  }

  private var isWaiting: Bool { tracker.wakesAtNanoseconds != nil }
}
