import EPPScorer
import KVIndexer
import Simulation
import Testing

@testable import Service

/// What events can't tell of themselves, over real sockets and real pages of metrics.
@Suite(.serialized) struct SourceSentinelTests {
  private static func page(
    computed: Int = 0, finished: Int = 0, started: Int = 1_000, running: Int = 0
  ) -> String {
    """
    vllm:num_requests_running{engine="0"} \(running)
    vllm:cache_config_info{block_size="16",num_gpu_blocks="64"} 1
    vllm:prompt_tokens_by_source_total{engine="0",source="local_compute"} \(computed)
    vllm:request_success_total{engine="0",finished_reason="length"} \(finished)
    process_start_time_seconds \(started)

    """
  }

  /// A service that looks often.
  private func harness(
    _ entries: [String], deadAfter: Duration = .seconds(300)
  ) throws -> ServiceHarness {
    try ServiceHarness(entries) { configuration in
      configuration.engineMetrics = FleetEngines.Settings(
        MetricsDataSource(), CoreMetricsExtractor(), interval: .milliseconds(10))
      configuration.engineMetrics?.intervalMax = .milliseconds(10)
      configuration.trust.interval = .milliseconds(10)
      configuration.trust.silentAfter = .milliseconds(100)
      configuration.trust.deadAfter = deadAfter
    }
  }

  private func lines(_ harness: ServiceHarness, _ text: String) -> Int {
    harness.log.all.count { $0.contains(text) }
  }

  /// Of a stream that was never heard the ring is asked again and again: its answers are no events.
  @Test(arguments: [true, false])
  func `an engine that fills blocks and announces none is silent, until an event comes`(
    _ isHeard: Bool
  ) throws {
    let engine = try PublishedEngine()
    let metrics = try MetricsServer(Self.page())
    defer { metrics.stop() }
    if !isHeard { engine.store(1..<2) }
    let harness = try harness([engine.entry("a", port: Int(metrics.port))])
    if isHeard {
      try Deadline.wait { try harness.source()?["trust"]?.string == "exact" }
      engine.store(1..<2)
    }
    try harness.wait(for: .exact(64), of: 1)
    let match = try Deadline.wait { () -> ServiceHarness.Match? in
      // The first numbers that count are those read well after the last event.
      let reads = metrics.reads
      try Deadline.wait { metrics.reads > reads + 20 }
      metrics.set(Self.page(computed: reads * 1_000, finished: 1))
      let match = try harness.match(1)
      return match.trust == "silent" ? match : nil
    }
    #expect(match.tokens == 0)
    #expect(match.reason?.contains("sends no events") == true)
    try Deadline.wait { lines(harness, "a rank 0: silent: ") == 1 }
    engine.store(2..<3)
    try harness.wait(for: .exact(64), of: 2)
    try harness.wait(for: .exact(64), of: 1)
  }

  @Test func `an idle engine is not silent`() throws {
    let engine = try PublishedEngine()
    let metrics = try MetricsServer(Self.page(computed: 10_000, finished: 5))
    defer { metrics.stop() }
    let harness = try harness([engine.entry("a", port: Int(metrics.port))])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    let reads = metrics.reads
    try Deadline.wait { metrics.reads > reads + 50 }
    #expect(try harness.match(1) == .exact(64))
    #expect(lines(harness, "silent") == 0)
  }

  @Test(arguments: [true, false])
  func `an engine that is gone for long is dead, and followed anew when it comes back`(
    _ replay: Bool
  ) throws {
    let engine = try PublishedEngine(replay: replay)
    let harness = try harness([engine.entry("a")], deadAfter: .milliseconds(200))
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    engine.publisher.stop()
    let match = try harness.wait(forTrust: "dead", tokens: 0, of: 1)
    #expect(match.reason?.contains("forgotten") == true)
    try Deadline.wait { try harness.source()?["residencies"]?.integer == 0 }
    try Deadline.wait { try harness.source()?["incarnation"]?.integer == 1 }
    let page = try Deadline.wait { () -> String? in
      let page = try harness.get("/metrics").reply.text
      let line = #"kvindexer_incarnations_total{endpoint="a",rank="0",cause="abandoned"} 1"#
      return page.contains(line) ? page : nil
    }
    #expect(page.contains(#"kvindexer_source_trust{endpoint="a",rank="0",trust="dead"} 1"#))

    let again = try PublishedEngine(replay: replay, like: engine)
    try Deadline.wait {
      again.clear()
      again.store(2..<3)
      return try harness.match(2) == .exact(64)
    }
    #expect(try harness.match(1) == .exact(0))
    #expect(lines(harness, "a rank 0: dead: ") == 1)
  }

  @Test(arguments: [true, false])
  func `a new start time over an unbroken stream has to be explained by a proof`(
    _ replay: Bool
  ) throws {
    let engine = try PublishedEngine(replay: replay)
    let metrics = try MetricsServer(Self.page())
    defer { metrics.stop() }
    let harness = try harness([engine.entry("a", port: Int(metrics.port))])
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    // What it says first may be of any process: each further one can be told from it.
    var started = 1_000
    try Deadline.wait {
      started += 1_000
      metrics.set(Self.page(started: started))
      let reads = metrics.reads
      try Deadline.wait { metrics.reads > reads + 20 }
      return lines(harness, "tell of a new process") > 0
    }
    if replay {
      try harness.wait(for: .exact(64), of: 1)
      #expect(try harness.source()?["incarnation"]?.integer == 0)
    } else {
      try Deadline.wait { try harness.source()?["incarnation"]?.integer ?? 0 > 0 }
      #expect(try harness.match(1).tokens == 0)
    }
  }

  @Test func `stores under parents that were never announced make the engine prove itself`() throws
  {
    let engine = try PublishedEngine()
    let harness = try harness([engine.entry("a")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    let requested = try harness.source()?["stream"]?["replays"]?.integer ?? 0
    engine.store(2..<6) { stored in stored.parent = .integer(77) }
    try Deadline.wait { lines(harness, "has to prove that it is the one") == 1 }
    // It is the same engine, which is no reason to forget what it holds, or to ask again.
    try Deadline.wait { try harness.source()?["stream"]?["replays"]?.integer ?? 0 > requested }
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 1)
    #expect(match.reason?.hasPrefix("orphans: ") == true)
    #expect(try harness.source()?["incarnation"]?.integer == 0)
  }

  @Test func `an engine that serves another model than it is configured for is mismatched`() throws
  {
    var router = Router()
    router.on(.get, "/v1/models") { _ in
      HTTPResponse(
        contentType: "application/json",
        body: Array(
          #"""
          {"data": [{"id": "tiny", "root": "/models/tiny", "parent": null},
                    {"id": "alias", "root": "/models/tiny", "parent": null},
                    {"id": "sql", "root": "/adapters/sql", "parent": "tiny"}]}
          """#.utf8))
    }
    let routes = router
    let server = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { routes.respond(to: $0, $1) })
    defer { server.stop(waitingAtMost: .seconds(5)) }
    guard case .tcp(_, let port) = server.addresses[0] else { throw Deadline.Passed() }
    let models = ["other", "tiny", "/models/tiny", "alias", "sql"]
    let engines = try models.map { _ in try PublishedEngine() }
    let harness = try harness(
      zip(engines, models).enumerated().map { number, pair in
        pair.0.entry("e\(number)", port: Int(port), model: pair.1)
      })
    for engine in engines { engine.store(1..<2) }
    try Deadline.wait {
      let trusts = try models.indices.map { try harness.source("e\($0)")?["trust"]?.string }
      return trusts == ["mismatched"] + Array(repeating: "exact", count: models.count - 1)
    }
    let reason = try #require(try harness.source("e0")?["reason"]?.string)
    #expect(
      reason.hasPrefix(
        "model: 'other' is configured, but the engine serves 'alias', 'tiny' (adapters: 'sql'). "
          + "Write one of them as `model` in the endpoints file"))
    try Deadline.wait { lines(harness, "e0 rank 0: mismatched: \(reason)") == 1 }
    let page = try harness.get("/metrics").reply.text
    #expect(
      page.contains(#"kvindexer_source_trust_cause{endpoint="e0",rank="0",cause="model"} 1"#))
  }

  @Test func `an engine without events says what to start it with`() throws {
    let engine = try PublishedEngine()
    engine.publisher.stop()
    let metrics = try MetricsServer(Self.page())
    defer { metrics.stop() }
    let harness = try harness([engine.entry("a", port: Int(metrics.port))])
    try Deadline.wait { lines(harness, "nothing listens at \(engine.publisher.endpoint)") == 1 }
    let source = try harness.source()
    #expect(source?["trust"]?.string == "connecting")
    #expect(source?["reason"]?.string?.contains("--kv-events-config") == true)
  }
}
