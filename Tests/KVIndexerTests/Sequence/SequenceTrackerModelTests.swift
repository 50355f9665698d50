import KVIndexer
import Simulation
import Testing

extension SplitMix64 {
  /// True once in `n` times on average.
  fileprivate mutating func oneIn(_ n: UInt64) -> Bool { next() % n == 0 }
}

/// An engine that publishes, keeps a bounded ring and restarts, behind a link that loses messages,
/// connections and answers.
private struct Model {
  var harness: TrackerHarness
  var random: SplitMix64
  let hasReplay: Bool
  let ringMax: Int
  let offersSnapshots: Bool
  var isLossy: Bool

  var life = 0
  var next: UInt64 = 0
  var ring: [Sighting] = []
  var isConnected = false
  var inFlight: [Sighting] = []
  /// What is still to come of the open exchange's answer; nil when none is open.
  var answer: [Sighting]?
  var isAnswerMute = false
  /// The engine behind the connection is gone while it is asked for a snapshot or its proof, and
  /// that is noticed only afterwards.
  var isCut = false
  /// Whether the open exchange is to prove a snapshot.
  var isProofOpen = false
  /// Whether a snapshot was asked for and has not come.
  var isSnapshotAwaited = false
  /// What the last snapshot to come was told by, as its last message.
  var told: Sighting?

  init(seed: UInt64, hasReplay: Bool, isLossy: Bool) {
    random = SplitMix64(seed: seed)
    harness = TrackerHarness(
      replay: hasReplay, heldMessagesMax: Int(random.next() % 20) + 1, quiet: 90,
      connected: false)
    self.hasReplay = hasReplay
    self.isLossy = isLossy
    ringMax = Int(random.next() % 40)
    offersSnapshots = random.oneIn(2)
    harness.offersSnapshots = offersSnapshots
  }

  mutating func step() throws {
    switch random.next() % 16 {
    case 0..<6: publish()
    case 6..<11: deliverLive()
    case 11..<14: deliverAnswer()
    case 14:
      harness.now += 60
      harness.tick()
      settleExchange()
    default: changeConnection()
    }
    if random.oneIn(8) { try check() }
  }

  private mutating func publish() {
    let sighting = Sighting(life: life, sequence: next)
    next += 1
    ring.append(sighting)
    if ring.count > ringMax { ring.removeFirst() }
    if isConnected, !isCut, !(isLossy && random.oneIn(12)) { inFlight.append(sighting) }
  }

  private mutating func deliverLive() {
    guard isConnected, !inFlight.isEmpty else { return }
    let sighting = inFlight.removeFirst()
    if isLossy, random.oneIn(25) { harness.refusals = 1 }
    harness.live(sighting.sequence, life: sighting.life)
    harness.refusals = 0
    settleExchange()
  }

  private mutating func deliverAnswer() {
    if isSnapshotAwaited { return deliverSnapshot() }
    guard isConnected, let rest = answer else { return }
    if isAnswerMute || isLossy && random.oneIn(40) {
      answer = nil
      isProofOpen = false
      harness.fail()
    } else if let sighting = rest.first {
      answer?.removeFirst()
      if isLossy, random.oneIn(40) { return }
      if isLossy, random.oneIn(25) { harness.refusals = 1 }
      harness.replayed(CollectionOfOne(sighting.sequence), life: sighting.life)
      harness.refusals = 0
    } else {
      answer = nil
      isProofOpen = false
      harness.end()
    }
    settleExchange()
  }

  private mutating func deliverSnapshot() {
    isSnapshotAwaited = false
    if isLossy, random.oneIn(8) {
      harness.fail()
    } else if next == 0 {
      // An engine that knows nothing but the end.
      harness.end()
    } else {
      told = Sighting(life: life, sequence: next - 1)
      let requests = harness.requests.count
      harness.snapshot(resume: next)
      isProofOpen = harness.requests.count > requests
      proofRequests = harness.requests.count
    }
    settleExchange()
  }

  private mutating func changeConnection() {
    if isConnected, isSnapshotAwaited || isProofOpen, !isCut, random.oneIn(2) {
      inFlight = []
      isCut = true
      return restart()
    }
    if !isConnected {
      isConnected = true
      harness.connect()
    } else if random.oneIn(4) {
      // Either side goes: what is in flight arrives before the notice, or never.
      while !inFlight.isEmpty, random.oneIn(2) { deliverLive() }
      inFlight = []
      isConnected = false
      isCut = false
      harness.disconnect()
      if random.oneIn(2) { restart() }
    }
    settleExchange()
  }

  private mutating func restart() {
    life += 1
    next = 0
    ring = []
  }

  private var seenRequests = 0
  private var seenCancelled = 0
  private var seenSnapshotRequests = 0
  private var proofRequests = 0

  /// Answers a new request from the ring as it is now, and closes a cancelled one.
  private mutating func settleExchange() {
    takeRequests()
    guard isCut, !isSnapshotAwaited, !isProofOpen else { return }
    isCut = false
    isConnected = false
    harness.disconnect()
    takeRequests()
  }

  private mutating func takeRequests() {
    if harness.cancelled > seenCancelled {
      answer = nil
      isSnapshotAwaited = false
      isProofOpen = false
    }
    seenCancelled = harness.cancelled
    if offersSnapshots, harness.snapshotRequests > seenSnapshotRequests {
      seenSnapshotRequests = harness.snapshotRequests
      isSnapshotAwaited = true
    }
    guard harness.requests.count > seenRequests, let from = harness.requests.last else { return }
    // The first one after a snapshot is for its proof; any other takes the place of what was open.
    isProofOpen = isProofOpen && harness.requests.count == proofRequests
    seenRequests = harness.requests.count
    isSnapshotAwaited = false
    guard harness.tracker.wakesAtNanoseconds == nil, isConnected else { return }
    answer = ring.filter { $0.sequence >= from }
    isAnswerMute = isLossy && random.oneIn(30)
  }

  /// The invariant: what is called complete is the engine's 0...n, in order, once each; or a
  /// snapshot of the engine, and what follows it.
  private func check() throws {
    let delivered = harness.delivered
    for (earlier, later) in zip(delivered, delivered.dropFirst()) {
      try #require(earlier.sequence < later.sequence, "\(earlier) before \(later)")
      try #require(earlier.life == later.life, "two lives in one incarnation")
    }
    for (earlier, later) in zip(harness.gaps, harness.gaps.dropFirst()) {
      try #require(earlier.upperBound <= later.lowerBound, "a range was declared twice")
    }
    for gap in harness.gaps {
      try #require(!delivered.contains { gap.contains($0.sequence) }, "lost and delivered")
    }
    guard case .live(.complete, _) = harness.state else { return }
    try #require(harness.gaps.isEmpty)
    var start: UInt64 = 0
    if let end = harness.snapshotEnd {
      let told = try #require(told)
      try #require(end.sequence == told.sequence && end.digest == told.digest)
      try #require(delivered.allSatisfy { $0.life == told.life })
      start = end.sequence + 1
    }
    try #require(delivered.map(\.sequence) == Array(start..<start + UInt64(delivered.count)))
  }

  /// The last message that was delivered, or is contained in the snapshot.
  var lastKnown: PayloadDigest? { harness.delivered.last?.digest ?? harness.snapshotEnd?.digest }

  /// Lets everything arrive without further losses; the tracker must come to rest.
  mutating func quiesce() throws {
    isLossy = false
    if isCut {
      isCut = false
      isConnected = false
      harness.disconnect()
      settleExchange()
    }
    if !isConnected {
      isConnected = true
      harness.connect()
      settleExchange()
    }
    for _ in 0..<3 { publish() }
    for _ in 0..<10_000 {
      if answer != nil || isSnapshotAwaited {
        deliverAnswer()
      } else if !inFlight.isEmpty {
        deliverLive()
      } else if harness.tracker.wakesAtNanoseconds != nil {
        harness.tick()
        settleExchange()
      } else {
        break
      }
      try check()
    }
    #expect(harness.held.isEmpty)
    #expect(answer == nil && inFlight.isEmpty && !isSnapshotAwaited)
    #expect(harness.tracker.wakesAtNanoseconds == nil)
    if hasReplay, harness.state == .live(.complete, replaying: false), ringMax > 0 {
      #expect(lastKnown == Sighting(life: life, sequence: next - 1).digest)
    }
  }
}

@Suite("Sequence tracker: random engines and links")
struct SequenceTrackerModelTests {
  @Test(
    "Complete means 0...n of one life, in order, once each", arguments: TestSeeds.upTo(200))
  func completeIsTrue(seed: UInt64) throws {
    var model = Model(seed: seed, hasReplay: seed % 4 != 0, isLossy: true)
    for _ in 0..<600 { try model.step() }
    try model.quiesce()
  }

  @Test(
    "Without losses it comes to rest with all that can be had", arguments: TestSeeds.upTo(100))
  func comesToRest(seed: UInt64) throws {
    var model = Model(seed: seed &+ 7_000, hasReplay: true, isLossy: false)
    for _ in 0..<600 { try model.step() }
    try model.quiesce()
    #expect(model.lastKnown == Sighting(life: model.life, sequence: model.next - 1).digest)
    let end = model.harness.snapshotEnd.map { $0.sequence + 1 } ?? 0
    #expect(Set(model.harness.delivered).isSuperset(of: model.ring.filter { $0.sequence >= end }))
  }
}
