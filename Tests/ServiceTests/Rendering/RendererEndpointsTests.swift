import Service
import Testing
import Tokenize

/// Rendering by the endpoints themselves.
@Suite struct RendererEndpointsTests {
  private struct Fleet {
    let fakes: [FakeRenderer]
    let harness: RendererHarness

    init(_ count: Int, change: (inout RendererSettings) -> Void = { _ in }) throws {
      fakes = try (0..<count).map { _ in try FakeRenderer() }
      harness = try RendererHarness(.endpoints, change: change)
      harness.renderer.setEndpoints(
        fakes.enumerated().map { $1.endpoint("vllm-\($0)", models: ["tiny"]) })
      try harness.wait(for: .ready)
    }

    func stop() {
      for fake in fakes { fake.release() }
      harness.stop()
      for fake in fakes { fake.stop() }
    }
  }

  @Test func `ready endpoints take turns`() throws {
    let fleet = try Fleet(3)
    defer { fleet.stop() }
    for number in 0..<60 { #expect(try fleet.harness.render("\(number)").tokens != nil) }
    // How often depends on how fast each answers; nobody is left out.
    #expect(fleet.fakes.allSatisfy { !$0.bodies.isEmpty })
    #expect(fleet.fakes.map(\.bodies.count).reduce(0, +) == 60)
  }

  @Test func `a failure is retried on another endpoint, and nobody notices`() throws {
    let fleet = try Fleet(2)
    defer { fleet.stop() }
    fleet.fakes[0].behave(.status(500, "boom"))
    for number in 0..<20 {
      let outcome = try fleet.harness.render("\(number)")
      #expect(outcome.tokens == FakeRenderer.tokens("\(number)"))
    }
    #expect(fleet.harness.renderer.metrics.retries.value >= 1)
    #expect(fleet.harness.renderer.metrics.failures[.unexpectedStatus].value == 0)
    fleet.fakes[0].behave(.right)
    try fleet.harness.wait(for: .ready)
  }

  @Test func `an endpoint that hesitates is overtaken by another`() throws {
    let fleet = try Fleet(2) { $0.probeTimeout = .milliseconds(100) }
    defer { fleet.stop() }
    fleet.fakes[0].behave(.slow)
    for number in 0..<8 {
      let outcome = try fleet.harness.render("\(number)", milliseconds: 3_000)
      #expect(outcome.tokens == FakeRenderer.tokens("\(number)"))
    }
    #expect(fleet.fakes[0].bodies.count <= 4)
  }

  @Test func `only endpoints that serve the model are asked`() throws {
    let fleet = try Fleet(2)
    defer { fleet.stop() }
    fleet.harness.renderer.setEndpoints([
      fleet.fakes[0].endpoint("a", models: ["tiny"]),
      fleet.fakes[1].endpoint("b", models: ["large", "adapter"]),
    ])
    try fleet.harness.wait(for: .ready)
    for number in 0..<5 {
      let request = RendererHarness.request("\(number)", model: "adapter")
      #expect(try fleet.harness.render(request).tokens != nil)
    }
    #expect(fleet.fakes.map(\.bodies.count) == [0, 5])
    let unknown = fleet.harness.renderAtOnce(RendererHarness.request("x", model: "other"))
    #expect(unknown?.failure == .noRenderer(model: "other"))
  }

  @Test func `an endpoint without one of the paths is used for the others`() throws {
    let fleet = try Fleet(2) { $0.breaker.refusalBackOff = .seconds(60) }
    defer { fleet.stop() }
    fleet.fakes[0].lack("/v1/messages/render")
    for number in 0..<10 {
      let request = RendererHarness.request("\(number)", api: .messages)
      #expect(try fleet.harness.render(request).tokens != nil)
    }
    // Asked once, and not again for a while; nothing else of it is in doubt.
    #expect(fleet.fakes[0].bodies.count <= 2)
    fleet.fakes[1].lack("/v1/messages/render")
    let last = try fleet.harness.render(RendererHarness.request("last", api: .messages))
    #expect(last.failure?.kind == .disabled)
    let none = fleet.harness.renderAtOnce(RendererHarness.request("none", api: .messages))
    #expect(none?.failure == .unsupported(.messages))
    #expect(try fleet.harness.render("completion").tokens != nil)
    #expect(fleet.harness.renderer.reports.allSatisfy { $0.breaker == .closed })
    #expect(fleet.harness.lines.count("warning") == 0)
  }

  @Test func `endpoints come and go while requests run`() throws {
    let fleet = try Fleet(2)
    defer { fleet.stop() }
    fleet.fakes[0].behave(.slow)
    fleet.fakes[1].behave(.slow)
    let outcomes = Arrivals<RenderOutcome>()
    for number in 0..<10 {
      fleet.harness.renderer.render(RendererHarness.request("\(number)")) { outcomes.add($0) }
    }
    try Deadline.wait { fleet.fakes.map(\.bodies.count).reduce(0, +) == 10 }
    fleet.harness.renderer.setEndpoints([])
    let none = fleet.harness.renderAtOnce(RendererHarness.request("x"))
    #expect(none?.failure == .noRenderer(model: "tiny"))
    for fake in fleet.fakes { fake.release() }
    for _ in 0..<10 { #expect(outcomes.next()?.tokens != nil) }
    fleet.harness.renderer.setEndpoints([fleet.fakes[0].endpoint("c")])
    #expect(try fleet.harness.render("new").tokens == FakeRenderer.tokens("new"))
  }

  @Test func `a renderer is reached over a Unix socket`() throws {
    let directory = try TemporaryDirectory()
    let fake = try FakeRenderer(.unix(path: directory.path + "/render.sock"))
    let harness = try RendererHarness(.fixed(fake.endpoint("socket")))
    defer {
      harness.stop()
      fake.stop()
    }
    try harness.wait(for: .ready)
    #expect(try harness.render("over a socket").tokens == FakeRenderer.tokens("over a socket"))
  }
}
