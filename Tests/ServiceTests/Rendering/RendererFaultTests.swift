import Service
import Testing
import Tokenize

/// A renderer that fails in one way or another: every request still ends by its deadline, marked.
@Suite struct RendererFaultTests {
  private func harness(
    _ fake: FakeRenderer, change: (inout RendererSettings) -> Void = { _ in }
  ) throws -> RendererHarness {
    let harness = try RendererHarness(.fixed(fake.endpoint("fixed")), change: change)
    try harness.wait(for: .ready)
    return harness
  }

  /// Fails until the breaker opens, then at once; works again once the fault is over.
  private func expectRecovery(
    _ fake: FakeRenderer, _ harness: RendererHarness, kind: RenderFailure.Kind,
    mend: () throws -> Void
  ) throws {
    var number = 0
    var kinds: Set<RenderFailure.Kind> = []
    try Deadline.wait {
      number += 1
      // Where the time is not what ends a request, a busy machine has plenty of it.
      let outcome = try harness.render(
        "broken \(number)", milliseconds: kind == .timedOut ? 200 : 20_000)
      kinds.insert(try #require(outcome.failure?.kind))
      return kinds.contains(.noneUsable)
    }
    #expect(kinds.subtracting([.noneUsable]).isSubset(of: [kind, .timedOut]))
    let outcome = harness.renderAtOnce(RendererHarness.request("at once"))
    #expect(outcome?.failure?.kind == .noneUsable)
    #expect(!fake.bodies.contains { $0.contains("at once") })
    try mend()
    try harness.wait(for: .ready)
    #expect(try harness.render("mended").tokens == FakeRenderer.tokens("mended"))
    #expect(harness.renderer.reports.map(\.breaker) == [.closed])
    #expect(harness.renderer.metrics.failures[.noneUsable].value >= 2)
  }

  @Test func `a killed renderer fails fast, and is used again when it is back`() throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake)
    defer { harness.stop() }
    #expect(try harness.render("first").tokens == FakeRenderer.tokens("first"))
    fake.stop()
    var revived: FakeRenderer?
    try expectRecovery(fake, harness, kind: .unreachable) {
      revived = try FakeRenderer(fake.address)
    }
    try harness.lines.waitForOne("warning", "renderer fixed", "can't be reached")
    revived?.stop()
  }

  @Test(
    arguments: [
      (FakeRenderer.disabled, RenderFailure.Kind.disabled, RenderStatus.Name.disabled),
      (.status(404, #"{"detail":"Not Found"}"#), .disabled, .disabled),
      (.status(500, "oops"), .unexpectedStatus, .failing),
      (.says("<html>hello</html>"), .badAnswer, .failing),
      (.says("[]"), .badAnswer, .failing),
      (.says(#"[{"token_ids":[]}]"#), .badAnswer, .failing),
    ] as [(FakeRenderer.Behaviour, RenderFailure.Kind, RenderStatus.Name)])
  func `403, 404, 500 and garbage open the breaker, and it closes again`(
    _ behaviour: FakeRenderer.Behaviour, _ kind: RenderFailure.Kind, _ status: RenderStatus.Name
  ) throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake)
    defer {
      harness.stop()
      fake.stop()
    }
    fake.behave(behaviour)
    try expectRecovery(fake, harness, kind: kind) {
      try harness.wait(for: status)
      fake.behave(.right)
    }
    try harness.lines.waitForOne("warning", "renderer fixed")
    if status == .disabled {
      try harness.lines.waitForOne("start vLLM with --enable-scale-out")
    }
  }

  @Test func `a slow renderer costs a request its deadline, and then nothing`() throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake) { $0.probeTimeout = .milliseconds(100) }
    defer {
      harness.stop()
      fake.stop()
    }
    fake.behave(.slow)
    let outcome = try harness.render("slow", milliseconds: 100)
    #expect(outcome.failure == .timedOut)
    #expect(outcome.elapsed >= .milliseconds(95))
    try expectRecovery(fake, harness, kind: .timedOut) {
      fake.behave(.right)
      fake.release()
    }
  }

  @Test func `a late answer still goes to the cache`() throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake)
    defer {
      harness.stop()
      fake.stop()
    }
    fake.behave(.slow)
    #expect(try harness.render("late", milliseconds: 50).failure == .timedOut)
    fake.release()
    try Deadline.wait { harness.renderer.metrics.lateAnswers.value == 1 }
    let outcome = harness.renderAtOnce(RendererHarness.request("late"))
    #expect(outcome?.tokens == FakeRenderer.tokens("late"))
    #expect(outcome?.origin == .cache)
    #expect(fake.bodies.count == 1)
  }

  @Test func `half an answer is a failure, and the renderer is used again when they are whole`()
    throws
  {
    let isHalf = Gauge()
    let server = try ConnectionServer { descriptor in
      while let request = ConnectionServer.request({ ConnectionServer.read(descriptor) }) {
        let isTokenizer = request.hasPrefix("POST /tokenize")
        let answer = ConnectionServer.answer(
          isTokenizer ? #"{"tokens":[1,2,3]}"# : #"[{"token_ids":[1,2,3]}]"#)
        ConnectionServer.write(String(answer.dropLast(Int(isHalf.value))), to: descriptor)
        if isHalf.value > 0 { return }
      }
    }
    defer { server.stop() }
    let endpoint = RenderEndpoint(name: "half", server: .url("http://127.0.0.1:\(server.port)"))
    let harness = try RendererHarness(.fixed(endpoint))
    defer { harness.stop() }
    try harness.wait(for: .ready)
    isHalf.set(9)
    var kinds: [RenderFailure.Kind] = []
    try Deadline.wait {
      kinds.append(try #require(try harness.render("\(kinds.count)").failure?.kind))
      return kinds.last == .noneUsable
    }
    #expect(kinds == [.broken, .broken, .broken, .noneUsable])
    try harness.lines.waitForOne("warning", "renderer half", "broke")
    isHalf.set(0)
    try harness.wait(for: .ready)
    #expect(try harness.render("whole").tokens == [1, 2, 3])
  }

  @Test func `a connection that went stale costs nothing`() throws {
    // Answers one request a connection and closes it without saying so.
    let server = try ConnectionServer { descriptor in
      guard let request = ConnectionServer.request({ ConnectionServer.read(descriptor) }) else {
        return
      }
      let isTokenizer = request.hasPrefix("POST /tokenize")
      let body = isTokenizer ? #"{"tokens":[7]}"# : #"[{"token_ids":[7]}]"#
      ConnectionServer.write(ConnectionServer.answer(body), to: descriptor)
    }
    defer { server.stop() }
    let endpoint = RenderEndpoint(name: "stale", server: .url("http://127.0.0.1:\(server.port)"))
    let harness = try RendererHarness(.fixed(endpoint))
    defer { harness.stop() }
    for number in 0..<20 {
      #expect(try harness.render("prompt \(number)").tokens == [7])
    }
    #expect(harness.renderer.metrics.calls[.fault].value == 0)
  }

  @Test func `a refused request is its own fault, and its message is passed on`() throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake)
    defer {
      harness.stop()
      fake.stop()
    }
    fake.behave(
      .status(400, #"{"error":{"message":"too long","type":"BadRequestError","param":null}}"#))
    for number in 0..<10 {
      let outcome = try harness.render("long \(number)")
      #expect(outcome.failure == .refused(status: 400, message: "too long"))
    }
    #expect(harness.renderer.reports[0].status == .ready)
    #expect(fake.bodies.count == 10)
    #expect(harness.lines.count("too long") == 0)
  }

  @Test func `stopping ends every request that waits`() throws {
    let fake = try FakeRenderer()
    let harness = try harness(fake)
    defer { fake.stop() }
    fake.behave(.slow)
    let outcomes = Arrivals<RenderOutcome>()
    for number in 0..<50 {
      harness.renderer.render(RendererHarness.request("stop \(number % 40)")) { outcomes.add($0) }
    }
    harness.stop()
    for _ in 0..<50 { #expect(outcomes.next()?.failure == .stopped) }
    let outcome = harness.renderAtOnce(RendererHarness.request("afterwards"))
    #expect(outcome?.failure == .stopped)
  }
}
