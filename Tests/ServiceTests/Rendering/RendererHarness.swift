import Service
import Testing
import Tokenize

/// A renderer under test, with what it logs.
final class RendererHarness: Sendable {
  let renderer: Renderer
  let lines = LogLines()

  init(
    _ target: RendererSettings.Target, change: (inout RendererSettings) -> Void = { _ in }
  ) throws {
    var settings = RendererSettings(target: target)
    settings.breaker.backOffMin = .milliseconds(20)
    settings.breaker.backOffMax = .milliseconds(40)
    settings.breaker.refusalBackOff = .milliseconds(20)
    settings.probeTimeout = .seconds(20)
    settings.connectTimeout = .seconds(20)
    change(&settings)
    let lines = lines
    renderer = try Renderer(settings: settings, log: Log(minimum: .debug) { lines.add($0) })
  }

  func stop() { renderer.stop() }

  static func request(
    _ prompt: String, model: String = "tiny", milliseconds: UInt64 = 20_000,
    api: InferenceAPI = .completions, hasMedia: Bool = false
  ) -> RenderRequest {
    var hasher = Hasher()
    hasher.combine(prompt)
    hasher.combine(api)
    return RenderRequest(
      api: api, body: Array(#"{"prompt":"\#(prompt)"}"#.utf8), model: model, hasMedia: hasMedia,
      key: RenderKey(high: 1, low: UInt64(bitPattern: Int64(hasher.finalize()))),
      deadline: MonotonicClock.nowNanoseconds() + milliseconds * 1_000_000)
  }

  /// Renders and waits for the outcome.
  func render(_ request: RenderRequest) throws -> RenderOutcome {
    let outcomes = Arrivals<RenderOutcome>()
    renderer.render(request) { outcomes.add($0) }
    return try #require(outcomes.next())
  }

  func render(_ prompt: String, milliseconds: UInt64 = 20_000) throws -> RenderOutcome {
    try render(Self.request(prompt, milliseconds: milliseconds))
  }

  /// The outcome of a request that ends before `render` returns; nil when it does not.
  func renderAtOnce(_ request: RenderRequest) -> RenderOutcome? {
    let outcomes = Outcomes()
    renderer.render(request) { outcomes.set($0) }
    return outcomes.first
  }

  private final class Outcomes: @unchecked Sendable {
    private let lock = Lock()
    private var outcome: RenderOutcome?
    var first: RenderOutcome? { lock.withLock { outcome } }
    func set(_ outcome: RenderOutcome) { lock.withLock { self.outcome = outcome } }
  }

  /// Waits until every renderer is in one of these states.
  func wait(for names: RenderStatus.Name...) throws {
    try Deadline.wait {
      let reports = renderer.reports
      return !reports.isEmpty && reports.allSatisfy { names.contains($0.status.name) }
    }
  }

  func status(of name: String) -> RenderStatus? {
    renderer.reports.first { $0.name == name }?.status
  }

  /// Waits until a renderer is in a state.
  func wait(until name: String, is status: RenderStatus.Name) throws {
    try Deadline.wait { self.status(of: name)?.name == status }
  }
}

extension LogLines {
  /// How many lines have all of these parts.
  func count(_ parts: String...) -> Int { count(parts) }

  /// Waits for a line with all of these parts: a state is seen before its line is written.
  func waitForOne(_ parts: String...) throws {
    try Deadline.wait { count(parts) > 0 }
    #expect(count(parts) == 1, "\(parts)")
  }

  private func count(_ parts: [String]) -> Int {
    all.count { line in parts.allSatisfy { line.contains($0) } }
  }
}

extension RenderOutcome {
  var tokens: [UInt32]? {
    guard case .success(let prompts) = prompts else { return nil }
    return prompts.flatMap(\.tokens)
  }

  var failure: RenderFailure? {
    guard case .failure(let failure) = prompts else { return nil }
    return failure
  }
}
