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
  private static let settled: UInt64 = 700_000_000
  private static let endSeconds = 10.0
  /// A run with so many wrong answers needs no more.
  private static let wrongMax = 1000

  let seed: UInt64
  let indexer: IndexerUnderTest
  /// The one with the fault first; then one that is to remain exact, whatever happens to the other.
  let engines: [FaultyEngine]
  /// Shares the first engine's address, where the fault is that.
  private(set) var twin: FaultyEngine?
  var random: SplitMix64
  private(set) var mix: PromptMix
  private(set) var record = FaultRecord()
  private let fault: Fault
  private let directory: TemporaryDirectory

  var subject: FaultyEngine { engines[0] }

  init(_ fault: Fault, seed: UInt64, program: String?) throws {
    self.fault = fault
    self.seed = seed
    random = SplitMix64(seed: seed &* 0x9E37 &+ 1)
    mix = PromptMix(seed: seed)
    directory = try TemporaryDirectory(for: "faults")
    var settings = fault.setup.engine
    if fault.setup.hasTwin { settings.connectsTo = "ipc://" + directory.path(of: "events") }
    engines = [
      try FaultyEngine("a", settings, prompts: mix.prompts),
      try FaultyEngine("b", FaultyEngine.Settings(), prompts: mix.prompts),
    ]
    indexer = try IndexerUnderTest(
      fault.setup, program: program, endpoints: Self.endpointsFile(engines), in: directory)
  }

  func stop() {
    indexer.stop()
    for engine in engines { engine.stop() }
    twin?.stop()
    directory.remove()
  }

  /// Runs the fault from its beginning to its end.
  func run() throws -> FaultRecord {
    for _ in 0..<fault.setup.requestsBefore { try serve(mix.request(), on: subject, asking: false) }
    subject.flush()
    try indexer.start()
    if fault.setup.requestsBefore == 0 {
      try waitUntilFollowed()
      try traffic(12)
      try prepare()
      record = FaultRecord()
    }
    try fault.inject(self)
    try settle()
    return record
  }

  // MARK: For faults

  /// The next request of the traffic.
  func request() -> EngineRequest { mix.request() }

  /// Has engines serve requests, and asks about them meanwhile.
  func traffic(_ requests: Int, on chosen: [FaultyEngine]? = nil, asking: Bool = true) throws {
    for _ in 0..<requests {
      for engine in chosen ?? engines { try serve(mix.request(), on: engine, asking: asking) }
    }
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

  /// Replaces the endpoints file by one that names these engines where they are now.
  func rewriteEndpoints(_ named: [FaultyEngine]) throws {
    try indexer.rewrite(Self.endpointsFile(named))
  }

  /// Fills the cache of the engine with the fault with prompts that nobody asks about.
  func flood() throws {
    for _ in 0..<4 { try serve(mix.foreignRequest(), on: subject, asking: true) }
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

  /// Has an engine serve a request, step by step.
  func serve(_ request: EngineRequest, on engine: FaultyEngine, asking: Bool) throws {
    guard engine.isRunning else { return }
    try engine.submit(request)
    while !engine.isIdle {
      engine.step()
      if asking, random.below(3) == 0 { try ask() }
    }
  }

  // MARK: Questions

  /// Asks about one prompt, and holds the answer against the truth.
  func ask() throws { try ask(random.below(mix.prompts.count)) }

  /// - Returns: Whether the answer is exact and as of now for all engines.
  @discardableResult
  private func ask(_ prompt: Int) throws -> Bool {
    let asked = MonotonicClock.nowNanoseconds()
    guard let answer = try indexer.score(mix.prompts[prompt]) else { return false }
    var isRight = true
    for engine in engines {
      let said = answer.endpoints.first { $0.name == engine.name }
      let trust = said?.trustName ?? "unlisted"
      if engine === subject {
        record.note(trust: Self.state(said), at: MonotonicClock.nowNanoseconds())
      }
      record.answers += 1
      let truth = engine.truth[prompt]
      if engine === subject || !fault.setup.reachesAll {
        isRight = isRight && trust == "exact" && said?.matchedTokens == truth.current
      }
      guard trust == "exact", let tokens = said?.matchedTokens else { continue }
      record.exactAnswers += 1
      let age = truth.age(of: tokens, at: asked)
      record.oldestExact = max(record.oldestExact, Double(age ?? 0) / 1e6)
      if let age, age <= Self.lagBound { continue }
      record.noteWrong(
        "\(fault.name), seed \(seed): engine \(engine.name), prompt \(prompt): exact "
          + "\(tokens) tokens, the engine holds \(truth.current); "
          + (age.map { "true \(Double($0) / 1e6) ms ago" } ?? "never true"))
    }
    return isRight
  }

  private static func state(_ said: RemoteScore.Endpoint?) -> String {
    guard let said else { return "unlisted" }
    guard let reason = said.reason else { return said.trustName }
    let isNamed = ["degraded", "mismatched"].contains(said.trustName)
    return isNamed ? "\(said.trustName)(\(reason.prefix { $0 != ":" }))" : said.trustName
  }

  private func isAllRight() throws -> Bool {
    var isRight = true
    for prompt in mix.prompts.indices {
      let isThisRight = try ask(prompt)
      isRight = isRight && isThisRight
    }
    return isRight
  }

  /// Waits until the engines are exact before the fault.
  ///
  /// On a busy machine the intake may have stalled before its time, and what it lost may be out of
  /// reach of a replay: an empty cache is a known cache.
  private func prepare() throws {
    let deadline = Deadline(seconds: Self.endSeconds)
    var patience = Deadline(seconds: 1)
    while try !isAllRight(), !deadline.hasPassed {
      Pause.microseconds(2000)
      guard patience.hasPassed else { continue }
      for engine in engines where engine.resetPrefixCache() {
        try serve(mix.request(), on: engine, asking: false)
      }
      patience = Deadline(seconds: 1)
    }
    try waitUntilExact()
  }

  /// Waits until every answer is exact and as of now.
  func waitUntilExact() throws {
    let deadline = Deadline(seconds: Self.endSeconds)
    while try !isAllRight() {
      guard !deadline.hasPassed else {
        throw SystemError(
          "prepare \(fault.name), seed \(seed)", reason: "the engines do not become exact")
      }
      Pause.microseconds(2000)
    }
  }

  /// Without replays, messages before the subscription stands would be lost.
  private func waitUntilFollowed() throws {
    let deadline = Deadline(seconds: Self.endSeconds)
    while true {
      let answer = try indexer.score(mix.prompts[0])
      if answer?.endpoints.allSatisfy({ $0.trustName != "connecting" }) ?? false { break }
      guard !deadline.hasPassed else {
        throw SystemError("prepare \(fault.name), seed \(seed)", reason: "nothing is followed")
      }
      Pause.microseconds(2000)
    }
    // A connection stands a moment before its subscription.
    try watch(milliseconds: 40)
  }

  /// Leaves the engines alone, and asks until the state is one that may be the end.
  private func settle() throws {
    let frozen = MonotonicClock.nowNanoseconds()
    let deadline = Deadline(seconds: Self.endSeconds)
    while !deadline.hasPassed, record.wrong < Self.wrongMax {
      for _ in 0..<4 { try ask() }
      Pause.microseconds(5000)
      let now = MonotonicClock.nowNanoseconds()
      guard now > frozen + Self.lagBound else { continue }
      if fault.end != .exact, let since = record.notExactSince, now > since + Self.settled,
        now > frozen + Self.settled
      {
        record.end = .honest(record.trust)
        return
      }
      if fault.end != .honest || record.exactSince.map({ now > $0 + Self.settled }) ?? false,
        try isAllRight()
      {
        record.end = .exact
        return
      }
    }
    record.end = .unsettled(record.trust)
  }
}
