import Foundation
import KVIndexer
import Testing

@testable import Service

/// Endpoints that register themselves.
@Suite(.serialized) struct RegistrationTests {
  private func body(
    _ engine: PublishedEngine, port: Int = 8000, more: String = ""
  ) -> String {
    let replay = engine.publisher.replayEndpoint.map { #", "replayEndpoint": "\#($0)""# } ?? ""
    return """
      {"address": "127.0.0.1", "port": \(port), "model": "m",
       "kvEvents": {"endpoint": "\(engine.publisher.endpoint)"\(replay)}\(more)}
      """
  }

  private func endpoint(_ name: String, _ harness: ServiceHarness) throws -> RecordedJSON? {
    try harness.get("/v1/endpoints").json["endpoints"]?.array?.first {
      $0["endpoint"]?.string == name
    }
  }

  @Test func `an endpoint that is registered is followed until it is deleted`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness()
    engine.store(1..<2)
    let answer = try harness.send("PUT", "/v1/endpoints/a", body(engine))
    #expect(answer.status == 201, "\(answer.message)")
    #expect(answer.json["ttl_seconds"]?.integer == 60)
    #expect(answer.json["address"]?.string == "127.0.0.1:8000")
    try harness.wait(for: .exact(64), of: 1)
    let entry = try #require(try endpoint("a", harness))
    #expect(entry["origin"]?.string == "registered")
    #expect((1...60).contains(entry["ttl_s"]?.number ?? 0))
    #expect(try harness.metric("kvindexer_registered_endpoints") == 1)
    #expect(try harness.send("DELETE", "/v1/endpoints/a").status == 204)
    #expect(try endpoint("a", harness) == nil)
    #expect(try harness.send("DELETE", "/v1/endpoints/a").status == 404)
  }

  @Test func `the same content again renews, and other content takes its place`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness()
    engines[0].store(1..<2)
    engines[1].store(2..<3)
    #expect(try harness.send("PUT", "/v1/endpoints/a", body(engines[0])).status == 201)
    try harness.wait(for: .exact(64), of: 1)
    func identity() throws -> [RecordedJSON?] {
      let source = try harness.source("a")
      return [source?["source"], source?["incarnation"], source?["stream"]?["connections"]]
    }
    try Deadline.wait { try harness.source("a")?["stream"]?["connections"]?.integer == 1 }
    let before = try identity()
    let longer = body(engines[0], more: #", "ttl_seconds": 600"#)
    #expect(try harness.send("PUT", "/v1/endpoints/a", longer).status == 200)
    #expect((500...600).contains(try endpoint("a", harness)?["ttl_s"]?.number ?? 0))
    // It is the same source over the same connection.
    #expect(try identity() == before)
    #expect(try harness.send("PUT", "/v1/endpoints/a", body(engines[1])).status == 200)
    try harness.wait(for: .exact(64), of: 2)
    #expect(try harness.match(1) == .exact(0))
  }

  @Test func `what is not renewed goes away`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness()
    let brief = body(engine, more: #", "ttl_seconds": 5"#)
    #expect(try harness.send("PUT", "/v1/endpoints/a", brief).status == 201)
    let now = MonotonicClock.nowNanoseconds()
    harness.service.registry.tick(now: now + 1_000_000_000)
    #expect(try endpoint("a", harness) != nil)
    harness.service.registry.tick(now: now + 6_000_000_000)
    #expect(try endpoint("a", harness) == nil)
    #expect(harness.log.all.contains { $0.contains("not renewed for 5 s") })
    let text = try harness.get("/metrics").reply.text
    #expect(text.contains(#"kvindexer_registrations_total{event="expired"} 1"#))
  }

  @Test func `what is configured is not registered over`() throws {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness([engines[0].entry("a")])
    let taken = try harness.send("PUT", "/v1/endpoints/a", body(engines[1]))
    #expect(taken.status == 409)
    #expect(taken.message.contains("the command line"))
    #expect(try harness.send("DELETE", "/v1/endpoints/a").status == 409)
    #expect(try endpoint("a", harness)?["origin"]?.string == "command_line")
    let shared = try harness.send("PUT", "/v1/endpoints/b", body(engines[0], port: 8001))
    #expect(shared.status == 409)
    #expect(shared.message.contains("is for the events of 'a' already"))
    #expect(try endpoint("b", harness) == nil)
  }

  @Test func `a file that names a registered endpoint takes it over`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("endpoints: []\n", to: "e.yaml")
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    engines[1].store(2..<3)
    #expect(try harness.send("PUT", "/v1/endpoints/a", body(engines[0])).status == 201)
    try directory.write("endpoints:\n" + engines[1].entry("a"), to: "new")
    #expect(rename(directory.path + "/new", directory.path + "/e.yaml") == 0)
    try Deadline.wait { try endpoint("a", harness)?["origin"]?.string == "file" }
    try harness.wait(for: .exact(64), of: 2)
    #expect(try endpoint("a", harness)?["ttl_s"] == .null)
    let refused = try harness.send("PUT", "/v1/endpoints/a", body(engines[0]))
    #expect(refused.status == 409)
    #expect(refused.message.contains("the endpoints file"))
    harness.service.registry.tick(now: .max)
    #expect(try endpoint("a", harness)?["origin"]?.string == "file")
  }

  @Test func `faults are those of the file, with their place`() throws {
    let harness = try ServiceHarness()
    func fault(_ body: String, path: String = "a") throws -> ServiceHarness.Answer {
      let answer = try harness.send("PUT", "/v1/endpoints/\(path)", body)
      #expect(answer.status == 400)
      return answer
    }
    let port = try fault(#"{"address": "127.0.0.1", "port": 99999}"#)
    #expect(port.param == "port")
    #expect(port.message.contains("line 1, column 34: port: expected a port"))
    #expect(try fault(#"{"port": 1}"#).message.contains("the field 'address' is missing"))
    #expect(try fault("[]").message.contains("expected a mapping"))
    #expect(try fault("{").status == 400)
    #expect(try fault("").status == 400)
    let brief = #"{"address": "127.0.0.1", "port": 1, "ttl_seconds": 4}"#
    #expect(try fault(brief).param == "ttl_seconds")
    let named = #"{"address": "127.0.0.1", "port": 1, "name": "b"}"#
    #expect(try fault(named).param == "name")
    let bound = #"{"address": "127.0.0.1", "port": 1, "kvEvents": {"endpoint": "tcp://*:5557"}}"#
    #expect(try fault(bound).message.contains("connects to us"))
    let ranks = #"""
      {"address": "127.0.0.1", "port": 1,
       "kvEvents": {"endpoint": "tcp://h:5557", "replayEndpoint": "tcp://h:5558", "ranks": 2}}
      """#
    #expect(try fault(ranks).param == "kvEvents")
    let odd = #"{"address": "127.0.0.1", "port": 1, "lables": {}, "kvEvents": {"ranks": 0}}"#
    let warned = try harness.send("PUT", "/v1/endpoints/ns/a", odd)
    #expect(warned.status == 201)
    #expect(warned.json["endpoint"]?.string == "ns/a")
    #expect(warned.json["warnings"]?.array?.first?.string?.contains("lables") == true)
    #expect(try harness.send("DELETE", "/v1/endpoints/ns/a").status == 204)
  }

  @Test func `any bytes are an entry or an error`() throws {
    let good = Array(
      #"{"address": "h", "port": 80, "kvEvents": {"ranks": 2}, "ttl_seconds": 9}"#.utf8)
    var accepted = 0
    for length in 0...good.count {
      let part = Array(good.prefix(length))
      let request = try? RegistrationRequest(
        parsing: part, name: "a", defaults: KVEventsDefaults())
      if request != nil { accepted += 1 }
    }
    #expect(accepted == 1)
  }
}
