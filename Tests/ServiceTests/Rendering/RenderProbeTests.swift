import Service
import Testing
import Tokenize

@Suite struct RenderProbeTests {
  private func withFakes<R>(
    _ count: Int, _ target: RendererSettings.Target? = nil,
    change: (inout RendererSettings) -> Void = { _ in },
    _ body: ([FakeRenderer], RendererHarness) throws -> R
  ) throws -> R {
    let fakes = try (0..<count).map { _ in try FakeRenderer() }
    let harness = try RendererHarness(target ?? .fixed(fakes[0].endpoint("fixed")), change: change)
    defer {
      harness.stop()
      for fake in fakes { fake.stop() }
    }
    return try body(fakes, harness)
  }

  @Test func `a good renderer is ready, which is logged once and quietly`() throws {
    try withFakes(1) { fakes, harness in
      try harness.wait(for: .ready)
      try harness.lines.waitForOne("info", "renderer fixed: ready")
      #expect(harness.lines.count("warning") == 0)
      #expect(fakes[0].probes == 1)
      #expect(fakes[0].bodies.isEmpty)
    }
  }

  @Test func `a disabled renderer says at the start how to enable it`() throws {
    let fake = try FakeRenderer()
    fake.behave(FakeRenderer.disabled)
    let harness = try RendererHarness(.fixed(fake.endpoint("fixed")))
    defer {
      harness.stop()
      fake.stop()
    }
    try harness.wait(for: .disabled)
    let hint = "rendering is disabled (403): start vLLM with --enable-scale-out"
    #expect("\(harness.renderer.reports[0].status)" == hint)
    let outcome = harness.renderAtOnce(RendererHarness.request("x"))
    #expect(outcome?.failure == .noneUsable("fixed: \(hint)"))
    // It is tried again and again, and said once.
    try Deadline.wait { fake.probes >= 4 }
    try harness.lines.waitForOne("warning", hint)
    fake.behave(.right)
    try harness.wait(for: .ready)
    #expect(try harness.render("x").tokens != nil)
  }

  @Test func `token ids that differ from the tokenizer's take a renderer out of use`() throws {
    let fake = try FakeRenderer()
    fake.tokenizeDifferently()
    let harness = try RendererHarness(.fixed(fake.endpoint("fixed")))
    defer {
      harness.stop()
      fake.stop()
    }
    try harness.wait(for: .disagrees)
    try harness.lines.waitForOne("error", "renderer fixed", "differ", "/tokenize at fixed")
    let outcome = harness.renderAtOnce(RendererHarness.request("x"))
    #expect(outcome?.failure?.kind == .noneUsable)
    #expect(fake.bodies.isEmpty)
  }

  @Test func `a fixed renderer is compared with the endpoints, at every change of them`() throws {
    try withFakes(2) { fakes, harness in
      try harness.wait(for: .ready)
      fakes[1].tokenizeDifferently()
      harness.renderer.setEndpoints([fakes[1].endpoint("vllm-0", models: ["tiny"])])
      try harness.wait(for: .disagrees)
      #expect(harness.status(of: "fixed") == .disagrees(with: "vllm-0"))
      harness.renderer.setEndpoints([fakes[0].endpoint("vllm-1", models: ["tiny"])])
      try harness.wait(for: .ready)
      // One that can't be reached says nothing.
      fakes[1].stop()
      let probes = fakes[0].probes
      harness.renderer.setEndpoints([fakes[1].endpoint("vllm-2")])
      try Deadline.wait { fakes[0].probes > probes }
      try harness.wait(for: .ready)
    }
  }

  @Test func `an endpoint that does not know its model is not asked`() throws {
    try withFakes(2, .endpoints) { fakes, harness in
      fakes[1].serve(only: "large")
      harness.renderer.setEndpoints([
        fakes[0].endpoint("a", models: ["tiny"]), fakes[1].endpoint("b", models: ["tiny"]),
      ])
      try harness.wait(until: "a", is: .ready)
      try harness.wait(until: "b", is: .unknownModel)
      try harness.lines.waitForOne("warning", "renderer b", "does not know the model")
      for number in 0..<10 { #expect(try harness.render("\(number)").tokens != nil) }
      #expect(fakes[1].bodies.isEmpty)
    }
  }

  @Test func `a renderer without a tokenizer is usable, and says so`() throws {
    let server = try ConnectionServer { descriptor in
      while let request = ConnectionServer.request({ ConnectionServer.read(descriptor) }) {
        let isTokenizer = request.hasPrefix("POST /tokenize")
        ConnectionServer.write(
          ConnectionServer.answer(isTokenizer ? "{}" : #"[{"token_ids":[7]}]"#), to: descriptor)
      }
    }
    defer { server.stop() }
    let endpoint = RenderEndpoint(name: "bare", server: .url("http://127.0.0.1:\(server.port)"))
    let harness = try RendererHarness(.fixed(endpoint))
    defer { harness.stop() }
    try harness.wait(for: .unverified)
    try harness.lines.waitForOne("warning", "could not be compared")
    #expect(try harness.render("x").tokens == [7])
  }

  @Test func `a renderer that comes back is asked anew, whatever the cache holds`() throws {
    let fake = try FakeRenderer()
    let harness = try RendererHarness(.fixed(fake.endpoint("fixed")))
    defer { harness.stop() }
    try harness.wait(for: .ready)
    _ = try harness.render("kept")
    fake.stop()
    try Deadline.wait {
      _ = try harness.render("\(MonotonicClock.nowNanoseconds())", milliseconds: 200)
      return harness.status(of: "fixed")?.isUsable == false
    }
    #expect(harness.renderAtOnce(RendererHarness.request("kept"))?.origin == .cache)
    let revived = try FakeRenderer(fake.address)
    defer { revived.stop() }
    try harness.wait(for: .ready)
    #expect(try harness.render("kept").origin == .renderer)
  }
}
