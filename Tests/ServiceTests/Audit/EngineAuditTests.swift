import EPPScorer
import KVIndexer
import Simulation
import Testing

@testable import Service

/// What engines say of themselves, over real sockets, and what follows from it.
@Suite(.serialized) struct EngineAuditTests {
  /// Asks engines for their metrics without a pause.
  private static func ask(_ configuration: inout ServiceConfiguration) {
    configuration.engineMetrics = FleetEngines.Settings(
      MetricsDataSource(), CoreMetricsExtractor(), interval: .milliseconds(5))
    configuration.engineMetrics?.intervalMax = .milliseconds(5)
  }

  private static func server(ring: Int = 10_000) throws -> SimulatedServer {
    var configuration = SimulatedServerConfiguration(engine: EngineConfiguration(blockCount: 33))
    configuration.stepTime.base = .zero
    configuration.stepTime.perToken = .zero
    configuration.replayBatchesMax = ring
    return try SimulatedServer(configuration, log: { _ in })
  }

  private static func prompt(_ number: Int, tokens: Int = 65) -> [TokenID] {
    (0..<tokens).map { TokenID(number * 200 + $0) }
  }

  /// Has a server compute a numbered prompt and some output; its cached tokens.
  @discardableResult
  private static func generate(_ number: Int, on server: SimulatedServer) throws -> Int {
    var client = try HTTPClient(.url(server.url))
    let body = #"{"prompt": \#(prompt(number)), "max_tokens": 20}"#
    let answer = try ServiceHarness.answer(
      client.post("/v1/completions", body: Array(body.utf8)))
    #expect(answer.status == 200, "\(answer.message)")
    return answer.json["usage"]?["prompt_tokens_details"]?["cached_tokens"]?.integer ?? -1
  }

  private static func matched(_ number: Int, _ harness: ServiceHarness) throws -> Int? {
    try harness.score(prompt(number))["s0"]?["matched_tokens"]?.integer
  }

  @Test func `a source that was joined late is exact once nothing unknown can be left`() throws {
    let server = try Self.server(ring: 2)
    defer { server.stop() }
    for number in 0..<8 { try Self.generate(number, on: server) }
    let harness = try ServiceHarness([RenderedFleet.entry(0, server)]) { Self.ask(&$0) }
    let late = try Deadline.wait {
      let source = try harness.source("s0")
      return source?["unknown_blocks_max"]?.integer != nil
        && source?["trust"]?.string == "degraded" ? source : nil
    }
    // Behind that state all that came by then is applied.
    let missed = server.status.events.events - Self.appliedEvents(late)
    func settle() throws {
      let published = server.status.events.events
      try Deadline.wait {
        try Self.appliedEvents(harness.source("s0")) == published - missed
      }
    }
    #expect((late["unknown_blocks_max"]?.integer ?? 0) > 0)
    var number = 8
    try Deadline.wait {
      try Self.generate(number, on: server)
      number += 1
      return try harness.source("s0")?["trust"]?.string == "exact"
    }
    // As many blocks as the engine has were computed by then.
    #expect(number * 4 >= 32)
    try Deadline.wait {
      try harness.source("s0")?["audit"]?["finding"]?.string == "history_known"
    }
    #expect(try harness.source("s0")?["incarnation"]?.integer == 0)
    let sentence = "has announced as many blocks as it has room for"
    try Deadline.wait { harness.log.all.contains { $0.contains(sentence) } }
    try settle()
    for number in (number - 12..<number).reversed() {
      let predicted = try Self.matched(number, harness)
      #expect(try Self.generate(number, on: server) == predicted)
      try settle()
    }
  }

  private static func appliedEvents(_ source: RecordedJSON?) -> Int {
    ["stored_events", "removed_events", "cleared_events"]
      .reduce(0) { $0 + (source?["counters"]?[$1]?.integer ?? 0) }
  }

  @Test func `an engine that goes to sleep holds nothing any more`() throws {
    let server = try Self.server()
    defer { server.stop() }
    let harness = try ServiceHarness([RenderedFleet.entry(0, server)]) { Self.ask(&$0) }
    try Self.generate(1, on: server)
    try Deadline.wait { try Self.matched(1, harness) == 64 }
    var client = try HTTPClient(.url(server.url))
    #expect(try client.post("/sleep", body: []).status == 200)
    try Deadline.wait { try Self.matched(1, harness) == 0 }
    let source = try Deadline.wait {
      let source = try harness.source("s0")
      return source?["audit"]?["finding"] == .null ? nil : source
    }
    #expect(source["audit"]?["finding"]?.string == "slept")
    #expect(source["trust"]?.string == "exact")
    #expect(try client.post("/wake_up", body: []).status == 200)
    #expect(try Self.generate(1, on: server) == 0)
    try Deadline.wait { try Self.matched(1, harness) == 64 }
  }

  @Test func `more blocks than there is room for are not believed`() throws {
    let page = #"vllm:cache_config_info{block_size="16",num_gpu_blocks="3"} 1"# + "\n"
    let metrics = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { _, reply in
        reply.send(HTTPResponse(contentType: "text/plain", body: Array(page.utf8)))
      })
    defer { metrics.stop(waitingAtMost: .seconds(5)) }
    guard case .tcp(_, let port) = metrics.addresses[0] else { throw Deadline.Passed() }
    let engine = try PublishedEngine()
    defer { engine.publisher.stop() }
    let harness = try ServiceHarness([engine.entry("a", port: Int(port))]) {
      Self.ask(&$0)
      $0.audit.mode = .report
    }
    engine.store(1..<2)
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 1)
    #expect(match.reason?.hasPrefix("drift: ") == true)
    try Deadline.wait {
      try harness.source()?["audit"]?["finding"]?.string == "too_many_blocks"
    }
  }

  @Test func `events that stay lost make a source begin anew`() throws {
    let engine = try PublishedEngine(replay: false)
    defer { engine.publisher.stop() }
    let harness = try ServiceHarness([engine.entry("a")]) { $0.audit.patience = .zero }
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    engine.store(2..<3, isLost: true)
    engine.store(3..<4)
    try Deadline.wait {
      try harness.source()?["audit"]?["finding"]?.string == "events_lost"
    }
    try Deadline.wait { try harness.source()?["incarnation"]?.integer == 1 }
    engine.store(4..<5)
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 4)
    #expect(match.reason?.hasPrefix("joinedLate: ") == true)
    #expect(try harness.match(3).tokens == 0)
  }
}
