import Testing

@testable import Service

/// What follows when reports contradict what an exact source was predicted to deliver.
@Suite(.serialized) struct DriftTests {
  private let engine: PublishedEngine

  init() throws { engine = try PublishedEngine() }

  private func start(_ mode: AuditMode) throws -> ServiceHarness {
    let harness = try ServiceHarness([engine.entry("a")]) { $0.audit.mode = mode }
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    return harness
  }

  /// Scores a prompt, and reports what came of it.
  private func report(
    _ id: String, _ prompt: Int, cached: Int, _ harness: ServiceHarness
  ) throws {
    _ = try harness.score(PublishedEngine.tokens(prompt) + [0], #", "request_id": "\#(id)""#)
    let answer = try harness.send(
      "POST", "/v1/feedback",
      #"{"request_id": "\#(id)", "endpoint": "a", "cached_tokens": \#(cached), "#
        + #""prompt_tokens": 65}"#)
    #expect(answer.status == 200, "\(answer.message)")
  }

  /// Reports a delivery again and again, until a source's audit has found something so often.
  ///
  /// - Returns: How many reports that took.
  @discardableResult
  private func report(
    _ prompt: Int, cached: Int, until finding: AuditFinding, times: Int, _ harness: ServiceHarness
  ) throws -> Int {
    var number = 0
    let line = #"kvindexer_audit_findings_total{finding="\#(finding.rawValue)"} \#(times)"#
    try Deadline.wait {
      try report("\(finding)-\(times)-\(number)", prompt, cached: cached, harness)
      number += 1
      return try harness.get("/metrics").reply.text.contains("\n\(line)\n")
    }
    // The third is found out about when its time is over, by which there may be some more.
    #expect(number >= 3)
    return number
  }

  @Test func `a source that drifts is learnt anew by itself, and says so`() throws {
    defer { engine.publisher.stop() }
    let harness = try start(.resync)
    try report(1, cached: 32, until: .overPredicted, times: 1, harness)
    // The engine's ring reaches back to its start.
    try harness.wait(for: .exact(64), of: 1)
    let source = try #require(try harness.source())
    #expect(source["audit"]?["finding"]?.string == "over_predicted")
    #expect(source["audit"]?["resyncs"]?.integer == 1)
    #expect((source["audit"]?["at"]?.number ?? 0) > 0)
    #expect(source["unknown_blocks_max"] == .null)
    #expect(try harness.metric("kvindexer_audit_resyncs_total") == 1)
    let sentence = "a rank 0: the engine reuses less, time and again, than its events say it holds"
    try Deadline.wait { harness.log.all.contains { $0.contains(sentence) } }

    // Soon after a resync there is not another one.
    try report(1, cached: 32, until: .overPredicted, times: 2, harness)
    let match = try harness.wait(forTrust: "degraded", tokens: 64, of: 1)
    #expect(match.reason?.hasPrefix("drift: ") == true)
    #expect(try harness.source()?["audit"]?["resyncs"]?.integer == 1)
    try Deadline.wait {
      harness.log.all.contains { $0.contains("learning it anew did not help") }
    }

    // An emptied cache is a known cache.
    engine.clear()
    try harness.wait(for: .exact(0), of: 1)
  }

  @Test func `a source that drifts may be left to people`() throws {
    defer { engine.publisher.stop() }
    let harness = try start(.report)
    try report(1, cached: 0, until: .overPredicted, times: 1, harness)
    try harness.wait(forTrust: "degraded", tokens: 64, of: 1)
    #expect(try harness.source()?["audit"]?["resyncs"]?.integer == 0)
    #expect(try harness.source()?["incarnation"]?.integer == 0)
  }

  @Test func `nothing follows where nothing is audited`() throws {
    defer { engine.publisher.stop() }
    let harness = try start(.off)
    for number in 0..<4 { try report("r\(number)", 1, cached: 0, harness) }
    try Deadline.wait {
      harness.service.insight.comparison.snapshot().causes == [.unknown: 4]
    }
    try harness.wait(for: .exact(64), of: 1)
    #expect(try harness.source()?["audit"] == nil)
    #expect(try harness.metric("kvindexer_audit_resyncs_total") == nil)
  }

  @Test func `prompts that are never found are not credited until they are again`() throws {
    defer { engine.publisher.stop() }
    let harness = try start(.resync)
    let reports = try report(2, cached: 64, until: .keysDiffer, times: 1, harness)
    // Those that still wait for an explanation would speak against the keys again.
    try Deadline.wait {
      harness.service.insight.comparison.snapshot().causes.values.reduce(0, +) >= reports
    }
    let match = try harness.wait(forTrust: "mismatched", tokens: 0, of: 1)
    #expect(match.reason?.hasPrefix("keys: ") == true)
    try report(1, cached: 64, until: .keysAgree, times: 1, harness)
    try harness.wait(for: .exact(64), of: 1)
  }

  @Test func `a cache that was emptied explains what was predicted of it`() throws {
    defer { engine.publisher.stop() }
    let harness = try start(.resync)
    for number in 0..<4 {
      _ = try harness.score(
        PublishedEngine.tokens(1) + [0], #", "request_id": "r\#(number)""#)
    }
    engine.clear()
    try harness.wait(for: .exact(0), of: 1)
    for number in 0..<4 {
      let answer = try harness.send(
        "POST", "/v1/feedback",
        #"{"request_id": "r\#(number)", "endpoint": "a", "cached_tokens": 0, "#
          + #""prompt_tokens": 65}"#)
      #expect(answer.json["error_cause"]?.string == "emptied")
    }
    #expect(try harness.source()?["audit"]?["finding"] == .null)
  }
}
