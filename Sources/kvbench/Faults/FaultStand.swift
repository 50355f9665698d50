import KVIndexer
import Service
import Simulation
import Tokenize

/// One run: engines, an indexer that follows them, traffic, and questions all the time.
///
/// An answer that says `exact` is wrong if its number was true at no moment of the last
/// `lagBound` before the question; a number stays true until a later one was announced. See
/// `TruthHistory`, and docs/RELIABILITY.md for why.
final class FaultStand {
  /// How far an exact answer may be behind: a quiet stream is checked after 50 ms, and the threads
  /// of all engines and the indexer share the machine.
  static let lagBound: UInt64 = 500_000_000
  /// How long a state that is not exact has to last to count as an end.
  static let settled: UInt64 = 700_000_000
  /// Longer for one that ends by itself, if it does: replays are given up after 0.8 s.
  static let settledPassing: UInt64 = 1_500_000_000
  static let endSeconds = 10.0
  /// A run with so many wrong answers needs no more.
  static let wrongMax = 1000
  private static let leaseSeconds = 5

  /// What runs need besides their fault.
  struct Place {
    /// Where engines listen.
    var host = "127.0.0.1"
    /// The indexer, for faults that kill it; nil for the one beside this executable.
    var program: String?
  }

  let fault: Fault
  let seed: UInt64
  let indexer: IndexerUnderTest
  /// The one with the fault first; then one that is to remain exact, whatever happens to the other.
  let engines: [FaultyEngine]
  /// Other names under which the engine with the fault is to be answered for.
  var aliases: [String] = []
  var random: SplitMix64
  var mix: PromptMix
  var record = FaultRecord()
  /// Shares the first engine's address, where the fault is that.
  private var twin: FaultyEngine?
  /// Follows the same engines, where the fault needs one.
  private var sibling: IndexerUnderTest?
  private let directory: TemporaryDirectory

  var subject: FaultyEngine { engines[0] }

  init(_ fault: Fault, seed: UInt64, in place: Place) throws {
    self.fault = fault
    self.seed = seed
    random = SplitMix64(seed: seed &* 0x9E37 &+ 1)
    mix = PromptMix(seed: seed)
    directory = try TemporaryDirectory(for: "faults")
    var settings = fault.setup.engine
    settings.host = place.host
    var others = FaultyEngine.Settings()
    others.host = place.host
    if fault.setup.hasTwin { settings.connectsTo = "ipc://" + directory.path(of: "events") }
    engines = [
      try FaultyEngine("a", settings, prompts: mix.prompts),
      try FaultyEngine("b", others, prompts: mix.prompts),
    ]
    indexer = try IndexerUnderTest(
      fault.setup, program: fault.setup.isProcess ? try ProgramPath.kvindexer(place.program) : nil,
      in: directory)
    var listings = self.listings
    if fault.setup.isDeaf { listings[0].topic = "another" }
    if fault.setup.hidesReplay { listings[0].replayEndpoint = nil }
    try rewriteEndpoints(listings)
  }

  func stop() {
    indexer.stop()
    sibling?.stop()
    for engine in engines { engine.stop() }
    twin?.stop()
    directory.remove()
  }

  /// Runs the fault from its beginning to its end.
  func run() throws -> FaultRecord {
    for _ in 0..<fault.setup.requestsBefore { try serve(mix.request(), on: subject, asking: false) }
    subject.flush()
    try indexer.start()
    if fault.setup.isRegistered { try register() }
    if fault.setup.hasSibling { _ = try startSibling() }
    if fault.setup.requestsBefore == 0 {
      try waitUntilFollowed()
      try traffic(12)
      try prepare()
      record = FaultRecord()
    }
    try fault.inject(self)
    if record.faultOverAt == nil { faultIsOver() }
    try traffic(fault.requestsAfter)
    try settle()
    return record
  }

  // MARK: Traffic

  /// The next request of the traffic.
  func request() -> EngineRequest { mix.request() }

  /// Has engines serve requests, and asks about them meanwhile.
  func traffic(_ requests: Int, on chosen: [FaultyEngine]? = nil, asking: Bool = true) throws {
    for _ in 0..<requests {
      for engine in chosen ?? engines { try serve(mix.request(), on: engine, asking: asking) }
    }
  }

  /// Fills the cache of the engine with the fault with prompts that nobody asks about.
  func flood() throws {
    for _ in 0..<4 { try serve(mix.foreignRequest(), on: subject, asking: true) }
  }

  /// Has the engine with the fault serve requests until it is in a state.
  func serve(until state: String) throws {
    try wait("it does not become \(state)") {
      try serve(mix.foreignRequest(), on: subject, asking: false)
      try watch(milliseconds: 20)
      return record.state == state
    }
  }

  /// Has an engine serve a request, step by step.
  ///
  /// - Returns: What the engine has delivered; nil when it does not run.
  @discardableResult
  func serve(
    _ request: EngineRequest, on engine: FaultyEngine, asking: Bool
  ) throws -> FinishedRequest? {
    guard engine.isRunning else { return nil }
    try engine.submit(request)
    var finished: [FinishedRequest] = []
    while !engine.isIdle {
      finished += engine.step()
      if asking, random.below(3) == 0 { try ask() }
    }
    return finished.last
  }

  /// Asks for a while.
  func watch(milliseconds: Int) throws {
    let end = MonotonicClock.nowNanoseconds() + UInt64(milliseconds) * 1_000_000
    while MonotonicClock.nowNanoseconds() < end {
      try ask()
      Pause.microseconds(2000)
    }
  }

  /// Lets up to so many milliseconds go by, by the seed.
  func pause(upToMilliseconds most: Int) { Pause.microseconds(random.below(most * 1000 + 1)) }

  /// From here on the way back to exact is timed.
  func faultIsOver() { record.faultOverAt = MonotonicClock.nowNanoseconds() }

  // MARK: Endpoints

  /// What the endpoints file is to say: the engines where they are now.
  var listings: [Listing] {
    engines.filter { $0 !== subject || !fault.setup.isRegistered }.map { Listing($0) }
  }

  /// Replaces the endpoints file.
  func rewriteEndpoints(_ listings: [Listing]) throws {
    try indexer.rewrite(Self.endpointsFile(listings))
  }

  /// Makes the engine with the fault known over the API, for a time.
  func register() throws {
    try indexer.put(
      "/v1/endpoints/\(subject.name)",
      Self.registration(Listing(subject), seconds: Self.leaseSeconds))
  }

  /// Has the time of registrations run out.
  func expireLeases() {
    indexer.service?.registry.tick(
      now: MonotonicClock.nowNanoseconds() + UInt64(Self.leaseSeconds) * 1_000_000_000)
  }

  /// Has another engine send to the address of the one with the fault, from when it is heard.
  func startTwin() throws -> FaultyEngine {
    var settings = fault.setup.engine
    settings.connectsTo = subject.eventEndpoint
    let twin = try FaultyEngine("a", settings, prompts: mix.prompts)
    self.twin = twin
    try watch(milliseconds: 300)
    return twin
  }

  /// Has another indexer follow the engines; returns its address.
  func startSibling() throws -> String {
    let sibling = try IndexerUnderTest(fault.setup, named: "sibling", in: directory)
    self.sibling = sibling
    try sibling.start()
    try waitUntilFollowed(by: sibling)
    return sibling.address
  }

  /// The address of the other indexer, once it is exact.
  func exactSibling() throws -> String {
    guard let sibling else { return try startSibling() }
    try wait("the sibling does not become exact") {
      try sibling.score(mix.prompts[0])?.endpoints.allSatisfy { $0.trust == .exact } ?? false
    }
    return sibling.address
  }
}
