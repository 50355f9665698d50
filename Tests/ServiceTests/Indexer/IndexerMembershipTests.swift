import Foundation
import KVIndexer
import Service
import Testing

/// Endpoints that come, go and move, by file; and all the ways to name where they publish.
@Suite(.serialized) struct IndexerMembershipTests {
  private func write(_ entries: [String], _ directory: TemporaryDirectory) throws {
    try write(text: "endpoints:" + (entries.isEmpty ? " []\n" : "\n" + entries.joined()), directory)
  }

  private func write(text: String, _ directory: TemporaryDirectory) throws {
    try directory.write(text, to: "new")
    #expect(rename(directory.path + "/new", directory.path + "/e.yaml") == 0)
  }

  private func names(_ harness: ServiceHarness) throws -> [String] {
    try harness.get("/v1/endpoints").json["endpoints"]?.array?
      .compactMap { $0["endpoint"]?.string } ?? []
  }

  @Test func `endpoints are added, removed and moved while the service runs`() throws {
    let directory = try TemporaryDirectory()
    let engines = try (0..<3).map { _ in try PublishedEngine() }
    try write([engines[0].entry("a")], directory)
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    engines[0].store(1..<2)
    engines[1].store(2..<3)
    engines[2].store(3..<4)
    try harness.wait(for: .exact(64), of: 1)

    try write([engines[0].entry("a"), engines[1].entry("b", port: 8001)], directory)
    try harness.wait(for: .exact(64), of: 2, on: "b")
    #expect(try harness.match(1) == .exact(64))

    // The name stays and the engine behind it is another one: nothing of the old one is credited.
    try write([engines[2].entry("a"), engines[1].entry("b", port: 8001)], directory)
    try harness.wait(for: .exact(64), of: 3, on: "a")
    #expect(try harness.match(1, on: "a") == .exact(0))
    #expect(try harness.match(2, on: "b") == .exact(64))

    try write([engines[1].entry("b", port: 8001)], directory)
    try Deadline.wait { try names(harness) == ["b"] }
    let missing = try harness.send("POST", "/v1/score", #"{"tokens": [1], "endpoints": ["a"]}"#)
    #expect(missing.status == 404)
    try write([engines[2].entry("a"), engines[1].entry("b", port: 8001)], directory)
    try harness.wait(for: .exact(64), of: 3, on: "a")
    #expect(try harness.match(1, on: "a") == .exact(0))
  }

  @Test func `events of a removed endpoint never reach the one that is added in its place`() throws
  {
    let directory = try TemporaryDirectory()
    let engines = try (0..<2).map { _ in try PublishedEngine() }
    try write([engines[0].entry("a")], directory)
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    engines[1].store(9_000..<9_001)
    var prompts = 1..<1
    for round in 1...5 {
      // What is published is on its way while the endpoint goes and another one takes its name.
      prompts = prompts.upperBound..<prompts.upperBound + 200
      engines[0].store(prompts)
      let isOther = round % 2 == 1
      try write([engines[isOther ? 1 : 0].entry("a")], directory)
      if isOther { engines[0].store(prompts.upperBound..<prompts.upperBound + 50) }
      try harness.wait(for: .exact(64), of: isOther ? 9_000 : prompts.lowerBound)
      let absent = isOther ? prompts.lowerBound : 9_000
      #expect(try harness.match(absent) == .exact(0))
      prompts = prompts.lowerBound..<prompts.upperBound + 50
      for prompt in prompts where isOther && prompt % 25 == 0 {
        #expect(try harness.match(prompt) == .exact(0))
      }
    }
  }

  @Test func `events that are on their way do not follow a name to another address`() throws {
    let directory = try TemporaryDirectory()
    let engines = try (0..<2).map { _ in try PublishedEngine() }
    try write([engines[0].entry("a")], directory)
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    for move in 1...6 {
      let (old, new) = (engines[(move + 1) % 2], engines[move % 2])
      new.clear()
      new.store(move..<move + 1)
      // A burst that is still being received and applied when the name moves.
      old.clear()
      old.store(1_000 * move..<1_000 * move + 300)
      try write([new.entry("a")], directory)
      try harness.wait(for: .exact(64), of: move)
      for prompt in stride(from: 1_000 * move, to: 1_000 * move + 300, by: 25) {
        #expect(try harness.match(prompt) == .exact(0))
      }
    }
  }

  @Test func `what is known of an engine outlives a change of its labels`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    try write([engine.entry("a")], directory)
    engine.store(1..<2)
    let harness = try ServiceHarness(file: directory.path + "/e.yaml") {
      // What the ring is asked later on would count.
      $0.subscriptions.quietMilliseconds = 3_600_000
    }
    try harness.wait(for: .exact(64), of: 1)
    try Deadline.wait {
      try harness.source("a", rank: 0)?["stream"]?["replayed_messages"]?.integer == 1
    }
    let stream = try #require(try harness.source("a", rank: 0)?["stream"])

    try write([engine.entry("a", labels: "{zone: b}")], directory)
    try Deadline.wait {
      let endpoints = try harness.get("/v1/endpoints").json["endpoints"]?.array
      return endpoints?.first?["labels"]?["zone"]?.string == "b"
    }
    #expect(try harness.match(1) == .exact(64))
    // Nothing was connected to or asked for again.
    #expect(try harness.source("a", rank: 0)?["stream"] == stream)
  }

  @Test func `a bad file changes nothing, and readiness says why`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    try write([engine.entry("a")], directory)
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    #expect(try harness.get("/readyz").json["endpoints_file"] == .null)
    try write(text: "endpoints:\n- {name: a, address: 127.0.0.1, port: 99999}\n", directory)
    try Deadline.wait { try harness.get("/readyz").json["endpoints_file"] != .null }
    let readiness = try harness.get("/readyz")
    #expect(readiness.json["endpoints_file"]?.string?.contains("e.yaml:2:") == true)
    #expect(readiness.json["endpoints_file"]?.string?.contains("99999") == true)
    #expect(try harness.match(1) == .exact(64))
    try Deadline.wait {
      harness.log.all.contains { $0.contains("the last good endpoints stay in force") }
    }
    try write([engine.entry("a")], directory)
    try Deadline.wait { try harness.get("/readyz").json["endpoints_file"] == .null }
    #expect(try harness.match(1) == .exact(64))
  }

  @Test func `a file that is bad from the start ends the start`() throws {
    let directory = try TemporaryDirectory()
    try write(text: "endpoints: 7\n", directory)
    #expect(throws: YAMLError.self) { try ServiceHarness(file: directory.path + "/e.yaml") }
  }

  @Test func `ranks of one engine are sources of their own, at ports in a row`() throws {
    let ranks = try consecutiveEngines()
    let entry = """
      - {name: a, address: 127.0.0.1, port: 8000, model: m, \
      kvEvents: {endpoint: '\(ranks[0].publisher.endpoint)', ranks: 2}}

      """
    let harness = try ServiceHarness([entry])
    for (rank, engine) in ranks.enumerated() {
      try Deadline.wait {
        engine.clear()
        engine.store(1..<2, blocks: 2 + 2 * rank)
        return try harness.source("a", rank: rank)?["trust"]?.string == "exact"
      }
    }
    try harness.wait(for: .exact(64), of: 1)
    // The last clear and the store behind it are two messages.
    try Deadline.wait {
      let score = try harness.score(PublishedEngine.tokens(1) + [0], #", "detail": true"#)
      let details = score["a"]?["ranks"]?.array ?? []
      return details.map { $0["rank"]?.integer } == [0, 1]
        && details.map { $0["matched_tokens"]?.integer } == [32, 64]
    }
    #expect(try harness.get("/v1/endpoints").json["endpoints"]?.array?[0]["ranks"]?.integer == 2)
  }

  /// Two engines whose event ports follow each other, as those of data-parallel ranks do.
  private func consecutiveEngines() throws -> [PublishedEngine] {
    for _ in 0..<50 {
      let first = try PublishedEngine()
      guard let colon = first.publisher.endpoint.lastIndex(of: ":"),
        let port = Int(first.publisher.endpoint[colon...].dropFirst())
      else { continue }
      let next = "tcp://127.0.0.1:\(port + 1)"
      guard let second = try? PublishedEngine(replay: false, { $0.endpoint = next }) else {
        continue
      }
      return [first, second]
    }
    throw Deadline.Passed()
  }

  @Test func `an engine may connect to us`() throws {
    let probe = try PublishedEngine(replay: false)
    let endpoint = probe.publisher.endpoint
    let entry = probe.entry("a", more: ", bind: true")
    probe.publisher.stop()
    let harness = try ServiceHarness([entry])
    let engine = try PublishedEngine {
      $0.endpoint = endpoint
      $0.isBound = false
    }
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    try Deadline.wait { try harness.source()?["stream"]?["peers"]?.integer == 1 }
  }

  @Test(arguments: [("tcp://[::1]:*", "[::1]"), ("tcp://127.0.0.1:*", "localhost")])
  func `hosts may be IPv6 addresses and names`(bound: String, host: String) throws {
    let engine = try PublishedEngine { $0.endpoint = bound }
    let port = engine.publisher.endpoint.split(separator: ":").last.map(String.init) ?? ""
    let harness = try ServiceHarness([
      """
      - {name: a, address: '\(host)', port: 8000, model: m, \
      kvEvents: {endpoint: 'tcp://\(host):\(port)'}}

      """
    ])
    try Deadline.wait {
      engine.clear()
      engine.store(1..<2)
      return try harness.match(1) == .exact(64)
    }
    let address = try harness.score([1])["a"]?["address"]?.string
    #expect(address == "\(host):8000")
  }

  @Test func `a configured block size that is wrong is warned of, not obeyed`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a", more: ", blockSize: 32")])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    let source = try #require(try harness.source())
    #expect(source["block_size"]?.integer == 16)
    #expect(source["warning"]?.string?.contains("32 is configured") == true)
  }

  @Test func `an address that can't be bound is told, and the others work`() throws {
    let engine = try PublishedEngine()
    let taken = """
      - {name: b, address: 127.0.0.1, port: 8001, model: m, \
      kvEvents: {endpoint: 'tcp://192.0.2.1:5557', bind: true}}

      """
    let harness = try ServiceHarness([engine.entry("a"), taken])
    engine.store(1..<2)
    try harness.wait(for: .exact(64), of: 1)
    #expect(try harness.match(1, on: "b").trust == "connecting")
    #expect(try harness.source("b")?["reason"]?.string?.contains("can't be subscribed to") == true)
  }
}
