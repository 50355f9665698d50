import KVIndexer
import Service
import Simulation

/// A simulated engine behind real sockets that misbehaves on demand, and knows what is true of it.
///
/// It is stepped by the run itself, so that equal seeds make equal events; what travels, and when
/// the index has it, is up to the sockets.
final class FaultyEngine {
  /// What becomes of a message on its way.
  enum Passage {
    case sent
    /// Dropped on the way; the ring has it.
    case lost
    case twice
    /// Its bytes make no sense, on the way and in the ring.
    case garbled
  }

  /// What an engine is started with.
  struct Settings {
    var hasReplay = true
    /// Batches that the ring keeps.
    var ringBatches = 10_000
    /// Another replay server than the publisher's own.
    var replayConduct: FaultyReplay.Conduct?
    /// Whether the engine connects to an address of the indexer.
    var connectsTo: String?
    var replaysTopic = true
    /// Whether it tells who asks what it caches.
    var offersSnapshots = false
    /// Whether it says over HTTP how large its cache is, and what it has served.
    var hasMetrics = false
    /// Where it listens; runs at the same time have different ones, so that none takes the port of
    /// another one's engine that is about to start again.
    var host = "127.0.0.1"
    /// Whether it publishes at every address of the machine.
    var isEverywhere = false

    var anyPort: String { "tcp://\(host):*" }
  }

  /// Blocks of its cache, of which it keeps one for itself.
  private static let blockCount = 192

  let name: String
  private let settings: Settings
  private let prompts: [[TokenID]]
  private let encoder = EventEncoder(generation: .v032)
  private var engine: SimulatedEngine
  private var publisher: EventPublisher?
  private var replay: FaultyReplay?
  private let metrics: FaultyMetrics?
  private(set) var truth: [TruthHistory]
  /// Where it is; the next process is there, too, unless it moves.
  private(set) var eventEndpoint: String
  private(set) var replayEndpoint: String?
  /// Messages of this process.
  private(set) var published: UInt64 = 0
  private var processes: UInt64 = 0
  /// Added to the time that messages carry.
  var clockShift = 0.0
  /// Decides what becomes of a message, by its sequence and its events.
  var passage: (UInt64, [BlockEvent]) -> Passage = { _, _ in .sent }
  /// Changes what is announced, but not what is true: for mutations of the harness itself.
  var forgery: ([BlockEvent]) -> [BlockEvent] = { $0 }
  /// Messages as they were sent, the newest last: for mutations.
  private(set) var sentPayloads: [[UInt8]] = []

  init(_ name: String, _ settings: Settings, prompts: [[TokenID]]) throws {
    self.name = name
    self.settings = settings
    self.prompts = prompts
    engine = try Self.makeEngine(process: 0)
    metrics = settings.hasMetrics ? try FaultyMetrics(engine.counters) : nil
    truth = prompts.map { _ in TruthHistory() }
    eventEndpoint = settings.connectsTo ?? settings.anyPort
    if settings.hasReplay { replayEndpoint = settings.anyPort }
    try open()
    record(isAnnounced: true)
  }

  private static func makeEngine(process: UInt64) throws -> SimulatedEngine {
    // Equal prefixes have equal hashes in every process, as with vLLM's fixed seed.
    try SimulatedEngine(
      EngineConfiguration(
        blockCount: blockCount, blockSize: PromptMix.blockSize, batchedTokensMax: 256,
        modelSeed: process))
  }

  private func open() throws {
    var publishing = EventPublisher.Settings(
      endpoint: settings.isEverywhere ? at("*") : eventEndpoint)
    publishing.isBound = settings.connectsTo == nil
    publishing.bufferSteps = settings.ringBatches
    publishing.replaysTopic = settings.replaysTopic
    if settings.offersSnapshots { publishing.snapshots = encoder }
    if let conduct = settings.replayConduct {
      let replay = try FaultyReplay(replayEndpoint ?? settings.anyPort, conduct)
      replayEndpoint = replay.endpoint
      self.replay = replay
    } else {
      publishing.replayEndpoint = replayEndpoint
    }
    let publisher = try EventPublisher(publishing)
    self.publisher = publisher
    if settings.connectsTo == nil {
      eventEndpoint = publisher.endpoint
      eventEndpoint = at(settings.host)
    }
    if settings.replayConduct == nil { replayEndpoint = publisher.replayEndpoint }
    published = 0
  }

  /// Where it publishes, under another name of its host.
  func at(_ host: String) -> String {
    "tcp://\(host):\(eventEndpoint.split(separator: ":").last ?? "*")"
  }

  var isRunning: Bool { publisher != nil }
  /// Where requests would go to, if there is anything.
  var port: UInt16? { metrics?.port }
  /// Whether the indexer waits for it, and not the other way round.
  var isConnecting: Bool { settings.connectsTo != nil }

  // MARK: Work

  /// Puts a request into the queue; it needs steps.
  func submit(_ request: EngineRequest) throws {
    _ = try engine.submit(request, now: .zero)
  }

  var isIdle: Bool { engine.isIdle }

  /// Performs a step and publishes what it changed.
  ///
  /// - Returns: The requests that it ended.
  @discardableResult
  func step() -> [FinishedRequest] {
    let step = engine.step(now: .zero)
    metrics?.update(engine.counters)
    guard !step.events.isEmpty else { return step.finished }
    let passage = passage(published, step.events)
    let isAnnounced = passage != .lost || settings.hasReplay
    publish(step.events, passage)
    record(isAnnounced: isAnnounced)
    return step.finished
  }

  /// Empties the cache; vLLM says so with its next step.
  func resetPrefixCache() -> Bool { engine.resetPrefixCache() }

  /// From now on whoever follows the engine can know what it holds: somebody told.
  func disclose() { record(isAnnounced: true) }

  /// Sends messages that announce an empty cache, of an engine that is idle and has emptied it.
  func publishClears(_ count: Int) {
    for _ in 0..<count { publish([.cleared], .sent) }
    record(isAnnounced: true)
  }

  private func publish(_ events: [BlockEvent], _ passage: Passage) {
    let events = forgery(events).map { EngineEvent($0) }
    let batch = EngineBatch(timestamp: WallClock.seconds() + clockShift, events: events)
    var payload = encoder.encode(batch)
    if passage == .garbled { payload = Array(payload.prefix(payload.count / 2)) + [0xc1] }
    replay?.append(payload)
    publisher?.publish(
      payload, events: events, copies: passage == .lost ? 0 : passage == .twice ? 2 : 1)
    published += 1
    if passage == .sent { sentPayloads.append(payload) }
  }

  /// Counts from now on what was announced after `start`: the index could not take it before.
  func excuse(from start: UInt64) {
    let now = MonotonicClock.nowNanoseconds()
    for number in truth.indices { truth[number].excuse(from: start, to: now) }
  }

  private func record(isAnnounced: Bool) {
    let now = MonotonicClock.nowNanoseconds()
    for (number, prompt) in prompts.enumerated() {
      let request = EngineRequest(tokens: prompt, output: .sampled(1))
      truth[number].record(
        engine.cachedTokens(of: request), isAnnounced: isAnnounced, now: now)
    }
  }

  // MARK: Life

  /// The end of the process: what it cached is gone.
  func kill() throws {
    publisher?.stop()
    publisher = nil
    replay?.stop()
    replay = nil
    processes += 1
    engine = try Self.makeEngine(process: processes)
    record(isAnnounced: true)
  }

  /// Starts another process.
  ///
  /// - Parameter elsewhere: On other ports.
  func start(elsewhere: Bool = false) throws {
    if elsewhere {
      eventEndpoint = settings.anyPort
      replayEndpoint = settings.hasReplay ? settings.anyPort : nil
    }
    try open()
  }

  /// Cuts its subscribers off, as a failing network does.
  func dropConnections() { publisher?.dropConnections() }

  /// Waits until libzmq has what was published.
  func flush() { publisher?.flush() }

  func stop() {
    publisher?.stop()
    replay?.stop()
    metrics?.stop()
    publisher = nil
    replay = nil
  }
}
