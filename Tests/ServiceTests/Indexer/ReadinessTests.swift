import KVIndexer
import Testing

@testable import Service

/// When the service says that it is ready.
@Suite(.serialized) struct ReadinessTests {
  private let second: UInt64 = 1_000_000_000

  /// Two engines that can be joined from their start, and one that is not there.
  private struct Fleet {
    let engines: [PublishedEngine]
    let harness: ServiceHarness

    init(_ adjust: (inout ReadinessSettings) -> Void) throws {
      engines = [try PublishedEngine(), try PublishedEngine()]
      let gone = try PublishedEngine()
      let entries = [
        engines[0].entry("a"), engines[1].entry("b", port: 8001), gone.entry("c", port: 8002),
      ]
      gone.publisher.stop()
      var settings = ReadinessSettings()
      settings.connectLimit = .seconds(3600)
      adjust(&settings)
      harness = try ServiceHarness(entries) { $0.readiness = settings }
      for engine in engines { engine.store(1..<2) }
      try harness.wait(for: .exact(64), of: 1, on: "a")
      try harness.wait(for: .exact(64), of: 1, on: "b")
    }

    var readiness: Readiness { harness.service.readiness }
  }

  @Test func `a share of the sources has to be exact`() throws {
    let most = try Fleet { $0.exactShare = 0.6 }
    let ready = try most.harness.get("/readyz")
    #expect(ready.status == 200)
    #expect(ready.json["exact"]?.integer == 2)
    #expect(ready.json["sources"]?.integer == 3)
    #expect(ready.json["required_share"]?.number == 0.6)
    #expect(ready.json["waiting"]?.array?.map(\.string) == ["c:0"])
    #expect(ready.json["trust"]?["connecting"]?.integer == 1)
    #expect(ready.json["reason"] == .null)
    let all = try Fleet {
      $0.exactShare = 1
      $0.connectLimit = .seconds(3600)
    }
    let waiting = try all.harness.get("/readyz")
    #expect(waiting.status == 503)
    #expect(waiting.json["ready"] == .bool(false))
    #expect(waiting.json["reason"]?.string?.contains("'waiting'") == true)
    #expect(all.engines.count == 2 && most.engines.count == 2)
  }

  @Test func `an engine that does not answer is not waited for for ever`() throws {
    let fleet = try Fleet {
      $0.exactShare = 1
      $0.connectLimit = .seconds(3600)
    }
    #expect(!fleet.readiness.isReady)
    let now = MonotonicClock.nowNanoseconds()
    let later = fleet.readiness.report(now: now + 3601 * second)
    #expect(later.isReady)
    #expect(later.waiting == [])
    #expect(fleet.engines.count == 2)
  }

  @Test func `after its time it is ready whatever the sources are`() throws {
    let gone = try PublishedEngine()
    let entry = gone.entry("a")
    gone.publisher.stop()
    let harness = try ServiceHarness([entry]) {
      $0.readiness.exactShare = 1
      $0.readiness.after = .seconds(3600)
    }
    #expect(try harness.get("/readyz").status == 503)
    let now = MonotonicClock.nowNanoseconds()
    #expect(harness.service.readiness.report(now: now + 3601 * second).isReady)
  }

  @Test func `a fleet of nobody is not ready, and says so, until somebody registers`() throws {
    let harness = try ServiceHarness()
    let empty = try harness.get("/readyz")
    #expect(empty.status == 503)
    #expect(empty.json["reason"]?.string?.hasPrefix("there are no endpoints yet") == true)
    #expect(harness.log.all.count { $0.contains("no endpoints yet") } == 1)
    let engine = try PublishedEngine()
    engine.store(1..<2)
    let fields = #""kvEvents": {"endpoint": "\#(engine.publisher.endpoint)"}"#
    let body = #"{"address": "127.0.0.1", "port": 8000, \#(fields), "ttl_seconds": 600}"#
    #expect(try harness.send("PUT", "/v1/endpoints/a", body).status == 201)
    try Deadline.wait {
      // Without a replay endpoint the source waits for a message.
      engine.store(1..<2)
      return try harness.get("/readyz").status == 200
    }
    #expect(try harness.get("/readyz").json["reason"] == .null)
    harness.service.registry.tick(now: MonotonicClock.nowNanoseconds() + 601 * second)
    #expect(try harness.get("/readyz").status == 503)
  }

  @Test func `it stays ready while any source can be used, and begins anew when none can`() throws {
    let fleet = try Fleet { $0.exactShare = 0.6 }
    #expect(fleet.readiness.isReady)
    fleet.engines[0].publisher.stop()
    try Deadline.wait { try fleet.harness.match(1, on: "a").trust == "connecting" }
    #expect(fleet.readiness.isReady)
    fleet.engines[1].publisher.stop()
    try Deadline.wait { try fleet.harness.match(1, on: "b").trust == "connecting" }
    #expect(!fleet.readiness.isReady)
    let back = try PublishedEngine(like: fleet.engines[1])
    back.store(1..<2)
    try fleet.harness.wait(for: .exact(64), of: 1, on: "b")
    // One of three that are waited for is not enough to begin with.
    #expect(!fleet.readiness.isReady)
  }

  @Test func `without settings it waits for those that are catching up`() throws {
    let fleet = try Fleet { _ in }
    let ready = try fleet.harness.get("/readyz")
    #expect(ready.status == 200)
    #expect(ready.json["required_share"] == .null)
    #expect(ready.json["waiting"]?.array?.isEmpty == true)
    #expect(fleet.engines.count == 2)
  }
}
