import Foundation
import KVIndexer
import Service
import Testing

/// The metrics page of a service at work.
@Suite(.serialized) struct IndexerMetricsTests {
  /// What operators are promised: every family, with the labels that tell its samples apart.
  static let families: [(name: String, type: String, labels: [String])] = [
    ("kvindexer_events_total", "counter", ["endpoint", "kind", "rank"]),
    ("kvindexer_blocks_total", "counter", ["change", "endpoint", "rank"]),
    ("kvindexer_events_skipped_total", "counter", ["cause"]),
    ("kvindexer_events_ignored_total", "counter", ["kind"]),
    ("kvindexer_gaps_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_lost_messages_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_replays_total", "counter", ["endpoint", "outcome", "rank"]),
    ("kvindexer_engine_snapshots_total", "counter", ["endpoint", "outcome", "rank"]),
    ("kvindexer_replay_room_waits_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_event_lag_seconds", "histogram", []),
    ("kvindexer_apply_latency_seconds", "histogram", []),
    ("kvindexer_score_latency_seconds", "histogram", []),
    ("kvindexer_scores_total", "counter", ["outcome"]),
    ("kvindexer_queue_deliveries", "gauge", []), ("kvindexer_queue_bytes", "gauge", []),
    ("kvindexer_overflows_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_index_bytes", "gauge", []), ("kvindexer_index_residencies", "gauge", []),
    ("kvindexer_index_evicted_blocks_total", "counter", []),
    ("kvindexer_resident_blocks", "gauge", ["endpoint", "rank", "tier"]),
    ("kvindexer_source_bytes", "gauge", ["endpoint", "rank"]),
    ("kvindexer_orphans_total", "counter", ["change", "endpoint", "rank"]),
    ("kvindexer_orphans_waiting", "gauge", ["endpoint", "rank"]),
    ("kvindexer_source_trust", "gauge", ["endpoint", "rank", "trust"]),
    ("kvindexer_fenced_batches_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_incarnations_total", "counter", ["cause", "endpoint", "rank"]),
    ("kvindexer_source_trust_cause", "gauge", []),
    ("kvindexer_source_trust_seconds", "gauge", ["endpoint", "rank"]),
    ("kvindexer_source_trust_changes_total", "counter", ["endpoint", "rank"]),
    ("kvindexer_reservations", "gauge", []),
    ("kvindexer_reservations_total", "counter", ["event"]),
  ]

  private func page(_ harness: ServiceHarness) throws -> String {
    let answer = try harness.get("/metrics")
    #expect(answer.status == 200)
    #expect(answer.reply.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
    return answer.reply.text
  }

  /// The value of one sample; nil when the page has none of that name and labels.
  private func value(_ page: String, _ sample: String) -> Double? {
    page.split(separator: "\n").first { $0.hasPrefix(sample + " ") }
      .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
  }

  @Test func `every family is there, and counts what happened`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<4)
    engine.remove(2, block: 3)
    engine.publish([.stored(.init(hashes: [], parent: nil, tokens: [], blockSize: -1))])
    engine.clear()
    engine.store(5..<7)
    try harness.wait(for: .exact(64), of: 6)
    #expect(try harness.send("POST", "/v1/score", "{").status == 400)
    // The last to be counted.
    let text = try Deadline.wait { () -> String? in
      let text = try page(harness)
      return value(text, #"kvindexer_events_skipped_total{cause="bad_number"}"#) == 1
        && value(text, "kvindexer_apply_latency_seconds_count") == 8 ? text : nil
    }
    for family in Self.families {
      #expect(text.contains("# TYPE \(family.name) \(family.type)\n"), "\(family.name)")
      let prefix = family.labels.isEmpty ? family.name : "\(family.name){"
      let line = text.split(separator: "\n").first { $0.hasPrefix(prefix) }
      for label in family.labels {
        #expect(line?.contains("\(label)=\"") == true, "\(family.name) \(label)")
      }
    }
    let source = #"endpoint="a",rank="0""#
    let expected: [(String, Double)] = [
      (#"kvindexer_events_total{endpoint="a",rank="0",kind="stored"}"#, 5),
      (#"kvindexer_events_total{endpoint="a",rank="0",kind="removed"}"#, 1),
      (#"kvindexer_events_total{endpoint="a",rank="0",kind="cleared"}"#, 1),
      (#"kvindexer_blocks_total{endpoint="a",rank="0",change="stored"}"#, 20),
      (#"kvindexer_resident_blocks{endpoint="a",rank="0",tier="gpu"}"#, 8),
      (#"kvindexer_source_trust{endpoint="a",rank="0",trust="exact"}"#, 1),
      (#"kvindexer_source_trust{endpoint="a",rank="0",trust="degraded"}"#, 0),
      (#"kvindexer_scores_total{outcome="rejected"}"#, 1),
      ("kvindexer_gaps_total{\(source)}", 0), ("kvindexer_overflows_total{\(source)}", 0),
      ("kvindexer_index_residencies", 8),
    ]
    for (sample, count) in expected { #expect(value(text, sample) == count, "\(sample)") }
    #expect(value(text, "kvindexer_source_bytes{\(source)}") ?? 0 > 0)
    #expect(value(text, #"kvindexer_scores_total{outcome="answered"}"#) ?? 0 > 0)
  }

  @Test func `gaps, replays, orphans and claims are counted`() throws {
    let engine = try PublishedEngine { $0.bufferSteps = 1 }
    engine.store(1..<2)
    let harness = try ServiceHarness([engine.entry("a", more: ", blockSize: 16")]) {
      $0.subscriptions.quietMilliseconds = 3_600_000
    }
    try harness.wait(for: .exact(64), of: 1)
    engine.store(2..<4, isLost: true)
    engine.store(4..<5)
    try harness.wait(forTrust: "degraded", tokens: 64, of: 4)
    engine.store(6..<7) {
      $0.parent = $0.hashes[0]
      $0.hashes.removeFirst()
      $0.tokens.removeFirst(16)
    }
    try Deadline.wait { try harness.source()?["orphans_waiting"]?.integer == 3 }
    let body = #"{"request_id": "1", "endpoint": "a", "tokens": \#(PublishedEngine.tokens(9))}"#
    #expect(try harness.send("POST", "/v1/reservations", body).status == 201)
    let text = try page(harness)
    let source = #"endpoint="a",rank="0""#
    #expect(value(text, "kvindexer_gaps_total{\(source)}") == 1)
    #expect(value(text, "kvindexer_lost_messages_total{\(source)}") == 2)
    let partial = #"kvindexer_replays_total{endpoint="a",rank="0",outcome="partial"}"#
    #expect(value(text, partial) == 1)
    let parked = #"kvindexer_orphans_total{endpoint="a",rank="0",change="parked"}"#
    #expect(value(text, parked) == 3)
    #expect(value(text, "kvindexer_orphans_waiting{\(source)}") == 3)
    #expect(value(text, #"kvindexer_reservations_total{event="made"}"#) == 1)
    #expect(value(text, "kvindexer_reservations") == 1)
  }

  @Test(.enabled(if: PrometheusParser.isAvailable))
  func `Prometheus' own parser reads the page`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([
      engine.entry("a"),
      #"- {name: 'b"\c', address: 127.0.0.1, port: 1, kvEvents: {endpoint: 'tcp://127.0.0.1:1'}}"#
        + "\n",
    ])
    engine.store(1..<4)
    try Deadline.wait { try harness.source()?["residencies"]?.integer == 12 }
    let samples = try PrometheusParser.parse(try page(harness))
    let names = Set(samples.compactMap { $0.split(separator: " ").first.map(String.init) })
    for family in Self.families {
      let name = family.type == "histogram" ? family.name + "_bucket" : family.name
      #expect(names.contains(name), "\(name)")
    }
  }
}
