import KVIndexer
import Tokenize

/// The examination of one endpoint, step by step, on a thread of its own.
final class Examination {
  /// What is found out on the way.
  struct Engine {
    var models: [EngineAnswers.Models.Model] = []
    var version: String?
    /// Tokens a block, by its metrics.
    var blockSize: Int?
    /// By rank, from `/kv_event_sources`.
    var announced: [Int: EngineAnswers.EventSource] = [:]
    /// Whether it keeps requests waiting until somebody wakes it up.
    var isAsleep = false
    /// Whether it serves the configured model under none of its names.
    var isOfOtherModel = false
    /// Whether nothing of it answers, neither HTTP nor events.
    var isGone = false

    var adapters: [String] { models.filter { $0.parent != nil }.map(\.id) }
    var baseModels: [String] { models.filter { $0.parent == nil }.map(\.id) }
  }

  let endpoint: EndpointConfiguration
  let settings: DoctorSettings
  let calls: DoctorCalls
  let interruption: Interruption
  let witness: ServiceWitness?
  var engine = Engine()
  private let record: (DoctorFinding) -> Void
  private var drafts: [DoctorStep: DoctorFinding] = [:]

  /// - Parameter record: Takes each step's finding when the step has ended.
  init(
    _ endpoint: EndpointConfiguration, settings: DoctorSettings, calls: DoctorCalls,
    interruption: Interruption, witness: ServiceWitness?,
    record: @escaping (DoctorFinding) -> Void
  ) {
    self.endpoint = endpoint
    self.settings = settings
    self.calls = calls
    self.interruption = interruption
    self.witness = witness
    self.record = record
  }

  var server: HTTPClient.Server { .url("http://\(endpoint.authority)") }
  /// The name that requests are sent with: an engine of another model is examined all the same, and
  /// an adapter's name would mean other blocks.
  var model: String? {
    endpoint.model.flatMap { name in engine.baseModels.first { $0 == name } }
      ?? engine.baseModels.first
  }

  /// The end of a step that begins now.
  func deadline() -> UInt64 { MonotonicClock.nowNanoseconds(after: settings.timeout) }

  /// Examines everything; a stop leaves out what was not finished.
  func run() {
    let watch = openWatch()
    defer { watch?.stop() }
    let refusal = reach()
    finish(.reach)
    if let refusal { skip(.announced, refusal) } else { readAnnounced() }
    finish(.announced)
    let connected = watch.map { awaitConnections($0) } ?? []
    let texts = refusal == nil ? renderTexts() : nil
    if refusal == nil { checkAdapter() }
    let obstacle = refusal ?? probeObstacle(connected)
    if let texts, let watch, obstacle == nil {
      probe(watch, connected, texts)
    } else {
      if let refusal { skip(.render, refusal) }
      for step in [DoctorStep.usage, .probe, .salt, .lora] { skip(step, obstacle ?? "") }
      if let texts { compareWithTokenizer(texts) }
    }
    if let watch { judgeEvents(watch) }
    finish(.events)
    finish(.render)
    examineReplays(watch)
    finish(.replay)
    for step in [DoctorStep.usage, .probe, .salt, .lora] { finish(step) }
    askService()
    finish(.service)
  }

  private func openWatch() -> EventWatch? {
    guard !endpoint.sources.isEmpty else {
      skip(.events, "no `kvEvents` are configured")
      return nil
    }
    do throws(ZMQError) {
      return try EventWatch(endpoint, interruption: interruption)
    } catch {
      add(.cannotListen(error), to: .events)
      return nil
    }
  }

  /// Why no prompt is sent to an engine that answers; nil when some are.
  private func probeObstacle(_ connected: [Int]) -> String? {
    if !settings.sendsProbes { return "--no-probe" }
    if engine.isAsleep { return "the engine sleeps" }
    if endpoint.sources.isEmpty { return "no `kvEvents` are configured" }
    return connected.isEmpty ? "its events are not connected" : nil
  }

  // MARK: Findings

  func add(_ problem: DoctorProblem, to step: DoctorStep) {
    drafts[step, default: DoctorFinding(step)].problems.append(problem)
  }

  /// Adds to what was seen.
  func note(_ text: String, in step: DoctorStep) {
    let before = drafts[step]?.note ?? ""
    drafts[step, default: DoctorFinding(step)].note =
      before.isEmpty ? text : before + "; " + text
  }

  func skip(_ step: DoctorStep, _ reason: String) {
    drafts[step, default: DoctorFinding(step)].isSkipped = true
    note(reason, in: step)
  }

  func hasNote(_ step: DoctorStep) -> Bool { drafts[step] != nil }

  /// Hands a step over, unless it was cut short.
  private func finish(_ step: DoctorStep) {
    guard !interruption.isStopped else { return }
    record(drafts[step] ?? DoctorFinding(step))
  }
}
