import Foundation
import KVIndexer
import Service
import Testing

/// An indexer that stops and starts again, with engines that go on, die, or forget meanwhile.
@Suite(.serialized) struct WarmRestartTests {
  private func harness(
    _ engine: PublishedEngine, _ directory: TemporaryDirectory,
    _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
  ) throws -> ServiceHarness {
    try ServiceHarness([engine.entry("a")]) {
      $0.warm.stateDirectory = directory.path + "/state"
      adjust(&$0)
    }
  }

  @Test func `after a restart the index is what it was, and exact`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try harness(engine, directory)
    engine.store(0..<40)
    engine.remove(3, block: 1)
    try first.wait(for: .exact(16), of: 3)
    first.service.stop()
    // What is published while nobody follows comes from the ring.
    engine.store(40..<44)
    engine.remove(5, block: 0)
    let second = try harness(engine, directory)
    try second.wait(for: .exact(64), of: 43)
    try second.wait(for: .exact(0), of: 5)
    #expect(try second.match(3) == .exact(16))
    for prompt in 6..<40 { #expect(try second.match(prompt) == .exact(64)) }
    #expect(second.log.all.contains { $0.contains("goes on behind message 40") })
    // Not by a replay of everything.
    #expect(try second.source()?["stream"]?["replayed_messages"]?.integer ?? 99 < 20)
    #expect(try second.source()?["incarnation"]?.integer == 0)
    second.service.stop()
  }

  @Test func `an engine that restarted meanwhile is not credited with its old blocks`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try harness(engine, directory)
    engine.store(0..<10)
    try first.wait(for: .exact(64), of: 9)
    first.service.stop()
    engine.publisher.stop()
    let next = try PublishedEngine(like: engine)
    // Its sequence has passed the old one.
    next.store(100..<130)
    let second = try harness(engine, directory)
    for _ in 0..<20 { #expect(try second.match(3).tokens == 0) }
    try second.wait(for: .exact(64), of: 129)
    for prompt in 0..<10 { #expect(try second.match(prompt) == .exact(0)) }
    second.service.stop()
  }

  @Test func `a ring that has wrapped proves nothing`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine { $0.bufferSteps = 8 }
    let first = try harness(engine, directory)
    engine.store(0..<5)
    try first.wait(for: .exact(64), of: 4)
    first.service.stop()
    engine.store(10..<30)
    let second = try harness(engine, directory)
    try second.wait(forTrust: "degraded", tokens: 64, of: 29)
    #expect(try second.match(2).tokens == 0)
    second.service.stop()
  }

  @Test func `without a replay endpoint the old blocks are dropped`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try harness(engine, directory)
    engine.store(0..<5)
    try first.wait(for: .exact(64), of: 4)
    first.service.stop()
    let second = try ServiceHarness(
      [
        "- {name: a, address: 127.0.0.1, port: 8000, model: m, kvEvents: {endpoint: '\(engine.publisher.endpoint)'}}\n"
      ]
    ) { $0.warm.stateDirectory = directory.path + "/state" }
    try Deadline.wait { try second.source()?["stream"]?["peers"]?.integer == 1 }
    try Deadline.wait { second.log.all.contains { $0.contains("the engine's cache is a new one") } }
    #expect(try second.match(2).tokens == 0)
    second.service.stop()
  }

  @Test(arguments: ["truncated", "overwritten", "empty"])
  func `a bad snapshot is a cold start with one clear line`(kind: String) throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try harness(engine, directory)
    engine.store(0..<20)
    try first.wait(for: .exact(64), of: 19)
    first.service.stop()
    let path = directory.path + "/state/snapshot"
    var bytes = try FileBytes.read(path, atMost: 1 << 20)
    switch kind {
    case "truncated": bytes.removeLast(bytes.count / 3)
    case "overwritten": bytes[bytes.count / 2] ^= 0x40
    default: bytes = []
    }
    try FileBytes.write(bytes, to: path)
    let second = try harness(engine, directory)
    #expect(second.log.all.contains { $0.contains("snapshot is not used") })
    // The ring still has everything.
    try second.wait(for: .exact(64), of: 19)
    second.service.stop()
  }

  @Test func `what somebody cleared stays cleared, also after the process was killed`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let first = try harness(engine, directory)
    engine.store(0..<10)
    try first.wait(for: .exact(64), of: 9)
    #expect(try first.send("POST", "/v1/sources/a:0/clear", "{}").status == 200)
    // What a process leaves behind that is killed after the answer: the file as it is now.
    let path = directory.path + "/state/snapshot"
    let bytes = try FileBytes.read(path, atMost: 1 << 20)
    first.service.stop()
    try FileBytes.write(bytes, to: path)
    engine.store(20..<21)
    let second = try harness(engine, directory)
    try second.wait(for: .exact(64), of: 20)
    for prompt in 0..<10 { #expect(try second.match(prompt) == .exact(0)) }
    second.service.stop()
  }

  @Test func `the directory keeps the key, and one process at a time uses it`() throws {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/state"
    let first = try StateDirectory(path)
    let key = try first.hashKey()
    #expect(key.count == 64)
    #expect(try first.hashKey() == key)
    let attributes = try FileManager.default.attributesOfItem(atPath: path + "/hash-key")
    #expect(attributes[.posixPermissions] as? Int == 0o600)
    #expect(throws: SystemError.self) { _ = try StateDirectory(path) }
    withExtendedLifetime(first) {}
  }

  @Test func `a snapshot is written on an interval, and counted`() throws {
    let directory = try TemporaryDirectory()
    let engine = try PublishedEngine()
    let harness = try harness(engine, directory) { $0.warm.snapshotInterval = .milliseconds(20) }
    engine.store(0..<5)
    try harness.wait(for: .exact(64), of: 4)
    try Deadline.wait { try harness.metric("kvindexer_snapshots_total") ?? 0 >= 2 }
    #expect(try harness.metric("kvindexer_snapshot_bytes") ?? 0 > 0)
    #expect(try harness.metric("kvindexer_snapshot_failures_total") == 0)
    harness.service.stop()
  }
}
