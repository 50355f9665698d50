import Service
import Testing
import Tokenize

@Suite struct RendererSharingTests {
  private struct Setup {
    let fake: FakeRenderer
    let harness: RendererHarness

    init(change: (inout RendererSettings) -> Void = { _ in }) throws {
      fake = try FakeRenderer()
      harness = try RendererHarness(.fixed(fake.endpoint("fixed")), change: change)
      try harness.wait(for: .ready)
    }

    func stop() {
      fake.release()
      harness.stop()
      fake.stop()
    }
  }

  @Test func `a repeated prompt costs no call`() throws {
    let setup = try Setup()
    defer { setup.stop() }
    let first = try setup.harness.render("again")
    #expect(first.origin == .renderer)
    for _ in 0..<10 {
      let outcome = setup.harness.renderAtOnce(RendererHarness.request("again"))
      #expect(outcome?.origin == .cache)
      #expect(outcome?.tokens == first.tokens)
    }
    #expect(setup.fake.bodies.count == 1)
    #expect(setup.harness.renderer.cacheStatistics.hits == 10)
    #expect(setup.harness.renderer.metrics.requests[.cached].value == 10)
    #expect(setup.harness.renderer.metrics.requests[.rendered].value == 1)
    // Equal requests for two models are not equal.
    #expect(
      try setup.harness.render(RendererHarness.request("again", model: "b")).origin == .renderer)
  }

  @Test func `the cache keeps to its bytes`() throws {
    let setup = try Setup { $0.cacheBytesMax = 20_000 }
    defer { setup.stop() }
    for number in 0..<50 {
      let prompt = "\(number) " + String(repeating: "x", count: 300)
      #expect(try setup.harness.render(prompt).tokens?.count == prompt.utf8.count)
    }
    let statistics = setup.harness.renderer.cacheStatistics
    #expect(statistics.bytes <= 20_000)
    #expect(statistics.evictions == 50 - statistics.entries)
    #expect(statistics.entries > 5)
  }

  @Test func `equal prompts in flight share one call`() throws {
    let setup = try Setup()
    defer { setup.stop() }
    setup.fake.behave(.slow)
    let outcomes = Arrivals<RenderOutcome>()
    for _ in 0..<64 {
      setup.harness.renderer.render(RendererHarness.request("shared")) { outcomes.add($0) }
    }
    setup.fake.release()
    var origins: [RenderOutcome.Origin: Int] = [:]
    for _ in 0..<64 {
      let outcome = try #require(outcomes.next())
      #expect(outcome.tokens == FakeRenderer.tokens("shared"))
      origins[outcome.origin, default: 0] += 1
    }
    #expect(origins == [.renderer: 1, .shared: 63])
    #expect(setup.fake.bodies.count == 1)
  }

  @Test func `every one who shares a call keeps its own deadline`() throws {
    let setup = try Setup()
    defer { setup.stop() }
    setup.fake.behave(.slow)
    let (patient, hasty) = (Arrivals<RenderOutcome>(), Arrivals<RenderOutcome>())
    setup.harness.renderer.render(RendererHarness.request("shared")) { patient.add($0) }
    setup.harness.renderer.render(RendererHarness.request("shared", milliseconds: 30)) {
      hasty.add($0)
    }
    #expect(hasty.next()?.failure == .timedOut)
    setup.fake.release()
    #expect(patient.next()?.tokens == FakeRenderer.tokens("shared"))
    // It joined late, so the renderer is not to blame.
    #expect(setup.harness.renderer.reports[0].status == .ready)
  }

  @Test func `requests over the limits fail at once`() throws {
    let setup = try Setup {
      $0.callsMax = 2
      $0.waitersMax = 3
      $0.bodyBytesMax = 100
    }
    defer { setup.stop() }
    setup.fake.behave(.slow)
    let outcomes = Arrivals<RenderOutcome>()
    for prompt in ["a", "b"] {
      setup.harness.renderer.render(RendererHarness.request(prompt)) { outcomes.add($0) }
    }
    func failure(_ prompt: String) -> RenderFailure? {
      setup.harness.renderAtOnce(RendererHarness.request(prompt))?.failure
    }
    #expect(failure("a call too many") == .overloaded)
    #expect(failure(String(repeating: "bytes", count: 20)) == .overloaded)
    setup.harness.renderer.render(RendererHarness.request("a")) { outcomes.add($0) }
    #expect(failure("a") == .overloaded)
    setup.fake.release()
    for _ in 0..<3 { #expect(outcomes.next()?.tokens != nil) }
    #expect(setup.harness.renderer.metrics.failures[.overloaded].value == 3)
  }

  @Test func `media, salt and the renderer's own model name go through`() throws {
    let setup = try Setup { $0.modelName = "served" }
    defer { setup.stop() }
    setup.fake.add(
      fields: #","features":{"mm_hashes":{"image":["h"]},"mm_placeholders":{"image":"#
        + #"[{"offset":1,"length":2}]}},"cache_salt":"s""#)
    let request = RendererHarness.request("look", api: .chatCompletions, hasMedia: true)
    let prompt = try #require(try setup.harness.render(request).prompts.get().first)
    #expect(prompt.cacheSalt == "s")
    #expect(
      prompt.features == [PromptFeature(modality: "image", hash: "h", offset: 1, length: 2)])
    #expect(
      setup.fake.bodies == [#"{"prompt":"look","mm_payload":"none","model":"served"}"#])
  }

  @Test func `what can't be rendered and what is past its deadline fail at once`() throws {
    let setup = try Setup()
    defer { setup.stop() }
    let given = setup.harness.renderAtOnce(RendererHarness.request("x", api: .generate))
    #expect(given?.failure == .unsupported(.generate))
    let late = setup.harness.renderAtOnce(RendererHarness.request("x", milliseconds: 0))
    #expect(late?.failure == .timedOut)
    #expect(setup.fake.bodies.isEmpty)
  }
}
