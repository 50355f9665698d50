import Service
import Testing

/// Scores of text while rendering is in trouble: always an answer, in time, and marked.
@Suite(.serialized) struct DegradedScoreTests {
  private static let deadlineMilliseconds = 300

  /// A service whose text is rendered by `renderer`, and which follows one engine.
  private func service(_ renderer: FakeRenderer) throws -> (ServiceHarness, PublishedEngine) {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) {
      var settings = RendererSettings(target: .fixed(renderer.endpoint("renderer")))
      settings.breaker.backOffMin = .milliseconds(20)
      settings.breaker.backOffMax = .milliseconds(20)
      settings.breaker.refusalBackOff = .milliseconds(20)
      settings.probeTimeout = .milliseconds(200)
      $0.rendering = settings
    }
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    return (harness, engine)
  }

  private func score(_ prompt: String, _ harness: ServiceHarness) throws -> ServiceHarness.Answer {
    let start = MonotonicClock.nowNanoseconds()
    let answer = try harness.send(
      "POST", "/v1/score",
      #"{"prompt": "\#(prompt)", "deadline_ms": \#(Self.deadlineMilliseconds)}"#)
    let elapsed = Int(MonotonicClock.nowNanoseconds() - start) / 1_000_000
    // Far less than the two seconds of a slow renderer, far more than the deadline of the request.
    #expect(elapsed < Self.deadlineMilliseconds + 1000)
    return answer
  }

  /// Waits until a prompt is rendered in time.
  private func expectRendered(_ prompt: String, _ harness: ServiceHarness) throws {
    var number = 0
    try Deadline.wait {
      number += 1
      return try score("\(prompt) \(number)", harness).tokensFrom == "rendered"
    }
  }

  /// Expects marked answers until the renderer is well again, and exact ones after that.
  private func expectEstimates(
    _ reason: String, _ renderer: FakeRenderer, _ harness: ServiceHarness,
    mend: () throws -> Void
  ) throws {
    for number in 0..<5 {
      let answer = try score("prompt \(number)", harness)
      #expect(answer.status == 200)
      #expect(answer.tokensFrom == "estimated")
      #expect(answer.json["partial"] == .bool(true))
      #expect(answer.matched == ["a": 0])
      let told = answer.json["reason"]?.string ?? ""
      // Whatever is wrong, a machine that stands still may be slower than the deadline.
      #expect(told.contains(reason) || told.contains("in time"), "\(told)")
      // Token ids need no renderer.
      #expect(try harness.match(1) == .exact(64))
    }
    let readiness = try harness.get("/readyz")
    #expect(readiness.status == 200)
    #expect(readiness.json["rendering"]?.array?.first?["reason"] != .null)
    try mend()
    try expectRendered("later", harness)
    try Deadline.wait {
      try harness.get("/readyz").json["rendering"]?.array?.first?["circuit"]?.string == "closed"
    }
  }

  @Test(arguments: [
    (FakeRenderer.disabled, "--enable-scale-out"),
    (.status(404, #"{"detail":"Not Found"}"#), "--enable-scale-out"),
    (.status(500, "{}"), "500"), (.says("<html>"), "not understood"),
    (.says(#"[{"token_ids":[1,2,"#), "not understood"), (.slow, "in time"),
  ])
  func `a renderer that answers badly costs no answer`(
    _ behaviour: FakeRenderer.Behaviour, _ reason: String
  ) throws {
    let renderer = try FakeRenderer()
    let (harness, engine) = try service(renderer)
    defer { engine.publisher.stop() }
    try expectRendered("before", harness)
    renderer.behave(behaviour)
    try expectEstimates(reason, renderer, harness) { renderer.behave(.right) }
    renderer.stop()
  }

  @Test func `a killed renderer costs no answer`() throws {
    let renderer = try FakeRenderer()
    let (harness, engine) = try service(renderer)
    defer { engine.publisher.stop() }
    try expectRendered("before", harness)
    renderer.stop()
    var successor: FakeRenderer?
    try expectEstimates("renderer", renderer, harness) {
      successor = try FakeRenderer(renderer.address)
    }
    successor?.stop()
  }
}
