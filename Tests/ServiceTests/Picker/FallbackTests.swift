import EPPScorer
import Testing

@testable import Service

/// What stands in where the index does not know: for each endpoint by itself, in time, and named.
@Suite(.serialized) struct FallbackTests {
  /// Endpoint a is exact, b never connects, c publishes nothing.
  private func harness(
    _ plan: String, _ engine: PublishedEngine
  ) throws -> PickerHarness {
    let harness = try PickerHarness(
      [
        engine.entry("a", port: 1001),
        "- {name: b, address: 127.0.0.1, port: 1002, model: m, "
          + "kvEvents: {endpoint: 'ipc:///nonexistent/kv-events'}}\n",
        PickerHarness.silent("c", port: 1003, more: ", model: m"),
      ], plan)
    engine.store(1..<2)
    try harness.wait(forBlocks: 4, of: "a")
    return harness
  }

  /// On what grounds each endpoint would take a request.
  private func bases(_ body: String, _ harness: PickerHarness) throws -> [String] {
    try [1001, 1002, 1003].map { port in
      let route = try harness.route(body, subset: ["127.0.0.1:\(port)"])
      defer { route.exchange.ended(.aborted) }
      return route.basis
    }
  }

  @Test func `only the endpoint that is not known exactly is approximated`() throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(Plans.precise(), engine)
    #expect(
      try bases(Plans.tokens(1), harness) == [
        "exact", "approximate: not_exact", "approximate: no_events",
      ])
    #expect(try harness.route(Plans.tokens(1)).prediction == .init("a", 64, "exact"))
    func picks(_ labels: String) throws -> Double? {
      try harness.metric("kvindexer_epp_picks_total{\(labels)}")
    }
    #expect(try picks(#"basis="approximate",cause="not_exact""#) == 1)
    #expect(try picks(#"basis="approximate",cause="no_events""#) == 1)
    #expect(try picks(#"basis="precise",cause="""#) == 2)
  }

  @Test func `without a renderer texts are approximated and token ids are not`() throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(Plans.precise(tokens: "estimate: {}"), engine)
    #expect(
      try bases(Plans.text(1), harness) == Array(repeating: "approximate: no_tokens", count: 3))
    #expect(try bases(Plans.tokens(1), harness)[0] == "exact")
  }

  @Test func `a model that no endpoint names is routed all the same`() throws {
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    // An endpoint without a model would serve any.
    let harness = try harness(Plans.precise(), engine)
    for body in [Plans.text(1), Plans.tokens(1)] {
      let unknown = body.replacing(#""model": "m""#, with: #""model": "other""#)
      let route = try harness.route(unknown)
      #expect(route.basis == "approximate: no_tokens")
      route.complete()
      // What was sent where is remembered for it too.
      #expect(try harness.route(unknown).destination == route.destination)
    }
  }

  private func renderedBy(_ renderer: FakeRenderer, _ more: String = "") -> String {
    Plans.precise(
      tokens: "modelName: m, vllm: {url: 'http://\(renderer.address)', timeout: 300ms}\(more)")
  }

  @Test(arguments: [FakeRenderer.Behaviour.slow, FakeRenderer.disabled])
  func `a renderer that hangs or refuses delays no request past its deadline`(
    _ behaviour: FakeRenderer.Behaviour
  ) throws {
    let renderer = try FakeRenderer()
    defer { renderer.stop() }
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(renderedBy(renderer), engine)
    let subset = ["127.0.0.1:1001"]
    try Deadline.wait { try harness.route(Plans.text(1), subset: subset).basis == "exact" }
    renderer.behave(behaviour)
    // A slow renderer would answer rightly in the end.
    for number in 2..<4 {
      let route = try harness.route(Plans.text(number), subset: subset)
      #expect(route.basis == "approximate: no_tokens")
    }
    // The tokens of the first are known by heart.
    #expect(try harness.route(Plans.text(1), subset: subset).basis == "exact")
    #expect(try harness.route(Plans.tokens(1)).prediction == .init("a", 64, "exact"))
  }

  @Test func `a request is refused without its tokens where they are required`() throws {
    let renderer = try FakeRenderer()
    renderer.behave(FakeRenderer.disabled)
    defer { renderer.stop() }
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try harness(renderedBy(renderer, ", required: true"), engine)
    let refusal = try harness.refusal(Plans.text(1))
    #expect(refusal?.code == .serviceUnavailable)
    #expect(refusal?.message.hasPrefix("the configuration requires the prompt's tokens. ") == true)
    #expect(refusal?.message.contains("estimated") == true)
    #expect(try harness.refusal(Plans.tokens(1)) == nil)
    #expect(try harness.refusal("", path: "/health") == nil)
    #expect(try harness.metric(#"kvindexer_epp_requests_total{end="refused"}"#) == 1)
  }
}
