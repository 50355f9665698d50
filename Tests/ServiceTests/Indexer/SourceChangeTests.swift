import Glibc
import KVIndexer
import Service
import Testing

/// What trainers and operators say of engines over the API.
@Suite(.serialized) struct SourceChangeTests {
  @Test func `a clear drops what is known, and what comes after it is exact`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    let answer = try harness.send("POST", "/v1/sources/0/clear", #"{"reason": "weights\n17"}"#)
    #expect(answer.status == 200)
    #expect(answer.json["source"]?.integer == 0)
    #expect(answer.json["endpoint"]?.string == "a")
    #expect(answer.json["rank"]?.integer == 0)
    #expect(answer.json["dropped_blocks"]?.integer == 8)
    #expect(answer.json["incarnation"]?.integer == 0)
    // At once: the answer comes when it was applied.
    #expect(try harness.match(1) == .exact(0))
    engine.store(3..<4)
    try harness.wait(for: .exact(64), of: 3)
    #expect(try harness.match(1) == .exact(0))
    #expect(
      harness.log.all.contains {
        $0.contains("a:0: 127.0.0.1 declared its cache empty (weights 17)")
      })
    // The engine's own event comes later, and is harmless.
    engine.clear()
    engine.store(4..<5)
    try harness.wait(for: .exact(64), of: 4)
    let text = try harness.get("/metrics").reply.text
    #expect(text.contains(#"kvindexer_source_changes_total{change="clear"} 1"#))
  }

  @Test func `a clear heals a source that has missed something`() throws {
    let engine = try PublishedEngine { $0.bufferSteps = 1 }
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<2)
    try Deadline.wait { try harness.match(1).tokens == 64 }
    // More than the checks of the ring can fetch meanwhile.
    engine.store(2..<40, isLost: true)
    engine.store(40..<41)
    try harness.wait(forTrust: "degraded", tokens: 64, of: 40)
    #expect(try harness.send("POST", "/v1/sources/a:0/clear").status == 200)
    #expect(try harness.match(40) == .exact(0))
    engine.store(41..<42)
    try harness.wait(for: .exact(64), of: 41)
  }

  @Test func `after an incarnation nothing of before comes back from the ring`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    let answer = try harness.send("POST", "/v1/sources/a:0/incarnation")
    #expect(answer.status == 200)
    #expect(answer.json["incarnation"]?.integer == 1)
    #expect(answer.json["dropped_blocks"]?.integer == 8)
    engine.store(3..<4)
    try harness.wait(for: .exact(64), of: 3)
    // The ring has everything, and is asked for it: what came before stays void.
    #expect(try harness.send("POST", "/v1/sources/a:0/resync").status == 202)
    try Deadline.wait { try harness.source()?["incarnation"]?.integer == 2 }
    try harness.wait(for: .exact(64), of: 3)
    #expect(try harness.match(1) == .exact(0))
    engine.publisher.dropConnections()
    engine.store(4..<5)
    try harness.wait(for: .exact(64), of: 4)
    #expect(try harness.match(2) == .exact(0))
  }

  @Test func `what is void stays so when the indexer restarts from its snapshot`() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let state = directory.path + "/state"
    let engine = try PublishedEngine()
    let first = try ServiceHarness([engine.entry("a")]) { $0.warm.stateDirectory = state }
    engine.store(1..<3)
    try first.wait(for: .exact(64), of: 2)
    #expect(try first.send("POST", "/v1/sources/a:0/incarnation").status == 200)
    first.service.stop()
    engine.store(3..<4)
    let second = try ServiceHarness([engine.entry("a")]) { $0.warm.stateDirectory = state }
    try second.wait(for: .exact(64), of: 3)
    #expect(try second.match(1) == .exact(0))
    second.service.stop()
  }

  /// Makes every further snapshot fail: its file's new name is taken by a directory.
  private func breakWrites(in state: String) throws {
    guard mkdir(state + "/snapshot.new", 0o700) == 0 else { throw SystemError("break \(state)") }
  }

  @Test func `where the snapshot can't be written the old one is removed, and the answer says so`()
    throws
  {
    let directory = try TemporaryDirectory()
    let state = directory.path + "/state"
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.warm.stateDirectory = state }
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    #expect(try harness.send("POST", "/v1/sources/a:0/clear").json["warning"]?.string == nil)
    #expect(access(state + "/snapshot", F_OK) == 0)
    try breakWrites(in: state)
    let answer = try harness.send("POST", "/v1/sources/a:0/clear")
    #expect(answer.status == 200 && answer.json["source"]?.integer == 0)
    #expect(answer.json["warning"]?.string?.contains("snapshot.new") == false)
    #expect(answer.json["warning"]?.string?.contains("is removed") == true)
    #expect(access(state + "/snapshot", F_OK) != 0)
    #expect(try harness.metric("kvindexer_snapshot_failures_total") == 1)
    harness.service.stop()
  }

  @Test func `where nothing helps the answer is an error`() throws {
    let directory = try TemporaryDirectory()
    let state = directory.path + "/state"
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")]) { $0.warm.stateDirectory = state }
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    try breakWrites(in: state)
    guard mkdir(state + "/snapshot", 0o700) == 0 else { throw SystemError("break \(state)") }
    let answer = try harness.send("POST", "/v1/sources/a:0/incarnation")
    #expect(answer.status == 500)
    #expect(
      answer.message.hasPrefix("a:0: 8 blocks dropped, incarnation 1; but an indexer that is"))
    #expect(try harness.match(1) == .exact(0))
    harness.service.stop()
  }

  @Test func `a new engine process has no fence`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<9)
    try harness.wait(for: .exact(64), of: 8)
    #expect(try harness.send("POST", "/v1/sources/0/incarnation").status == 200)
    engine.publisher.stop()
    let second = try PublishedEngine(like: engine)
    second.store(20..<23)
    for prompt in 20..<23 { try harness.wait(for: .exact(64), of: prompt) }
    #expect(try harness.match(1) == .exact(0))
  }

  @Test func `a resync fetches what the ring has`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<3)
    try harness.wait(for: .exact(64), of: 2)
    let answer = try harness.send("POST", "/v1/sources/0/resync", "{}")
    #expect(answer.status == 202)
    #expect(answer.json["source"]?.integer == 0)
    try Deadline.wait { try harness.source()?["incarnation"]?.integer == 1 }
    for prompt in 1..<3 { try harness.wait(for: .exact(64), of: prompt) }
  }

  @Test func `all ranks of an endpoint are changed by its name`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([
      engines[0].entry("a"), engines[1].entry("b", port: 8001),
    ])
    for engine in engines { engine.store(1..<2) }
    try harness.wait(for: .exact(64), of: 1, on: "a")
    try harness.wait(for: .exact(64), of: 1, on: "b")
    let answer = try harness.send("POST", "/v1/endpoints/b/clear")
    #expect(answer.status == 200)
    #expect(answer.json["endpoint"]?.string == "b")
    #expect(answer.json["sources"]?.array?.first?["dropped_blocks"]?.integer == 4)
    #expect(try harness.match(1, on: "b") == .exact(0))
    #expect(try harness.match(1, on: "a") == .exact(64))
  }

  @Test func `what makes no sense is refused, and says why`() throws {
    let engine = try PublishedEngine(replay: false)
    let gone = try PublishedEngine()
    let entry = gone.entry("b", port: 8001)
    gone.publisher.stop()
    let harness = try ServiceHarness([engine.entry("a"), entry])
    let unknown = try harness.send("POST", "/v1/sources/7/clear")
    #expect(unknown.status == 404)
    #expect(unknown.message.contains("there are 0 (a:0), 1 (b:0)"))
    #expect(try harness.send("POST", "/v1/endpoints/c/clear").status == 404)
    #expect(try harness.send("POST", "/v1/sources/0/wipe").status == 404)
    #expect(try harness.send("POST", "/v1/sources/0").status == 404)
    let wrong = try harness.send("POST", "/v1/sources/0/clear", #"{"why": 1}"#)
    #expect(wrong.status == 400)
    #expect(wrong.param == "why")
    try Deadline.wait { try harness.source("a")?["stream"]?["peers"]?.integer == 1 }
    let early = try harness.send("POST", "/v1/sources/a:0/clear")
    #expect(early.status == 409)
    #expect(early.message.contains("nothing of the engine's stream has been received yet"))
    let away = try harness.send("POST", "/v1/sources/b:0/incarnation")
    #expect(away.status == 409)
    #expect(away.message.contains("not connected"))
    #expect(try harness.metric("kvindexer_source_changes_refused_total") == 2)
  }
}
