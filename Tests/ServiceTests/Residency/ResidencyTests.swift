import Foundation
import KVIndexer
import Service
import Simulation
import Testing

/// `GET /v1/residency` and `GET /v1/prefixes`, from events over real ZeroMQ.
@Suite(.serialized) struct ResidencyTests {
  /// Two endpoints: both hold four blocks, one of them four more and two on the CPU.
  ///
  /// - Parameter metricsPort: Where the first one's metrics are read.
  private func fleet(
    more: String = "", metricsPort: UInt16? = nil
  ) throws -> (ServiceHarness, [PublishedEngine]) {
    let engines = [try PublishedEngine(), try PublishedEngine()]
    let port = metricsPort.map { Int($0) } ?? 8000
    let harness = try ServiceHarness(
      [engines[0].entry("a", port: port, more: more), engines[1].entry("b", port: 1)]
    ) {
      $0.engineMetrics = metricsPort == nil ? nil : .inspection
    }
    for engine in engines { engine.store(1..<2) }
    engines[0].store(2..<3)
    engines[0].store(2..<3, blocks: 2) { $0.medium = "CPU" }
    engines[0].store(3..<4, blocks: 1) { $0.loraName = "sql" }
    try harness.wait(for: .exact(64), of: 1)
    try harness.wait(for: .exact(64), of: 1, on: "b")
    try Deadline.wait {
      try harness.get("/v1/residency").json["namespaces"]?.array?.count == 4
    }
    return (harness, engines)
  }

  private func endpoint(_ harness: ServiceHarness, _ query: String = "") throws -> RecordedJSON {
    let answer = try harness.get("/v1/residency\(query)")
    #expect(answer.status == 200, "\(answer.message)")
    return try #require(answer.json["endpoints"]?.array?.first)
  }

  @Test func `residency tells blocks by tier, what others share, and the engine's room`() throws {
    let page = #"vllm:cache_config_info{block_size="16",num_gpu_blocks="513"} 1"# + "\n"
    let metrics = try HTTPServer(
      [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
      handler: { _, reply in
        reply.send(HTTPResponse(contentType: "text/plain", body: Array(page.utf8)))
      })
    defer { metrics.stop(waitingAtMost: .seconds(5)) }
    guard case .tcp(_, let port) = metrics.addresses[0] else { throw Deadline.Passed() }
    let (harness, engines) = try fleet(more: ", bytesPerToken: 1000", metricsPort: port)
    defer { for engine in engines { engine.publisher.stop() } }
    try Deadline.wait { try endpoint(harness)["capacity_blocks"] != .null }
    let answer = try harness.get("/v1/residency")
    #expect(answer.json["partial"] == .bool(false))
    #expect(abs((answer.json["time"]?.number ?? 0) - WallClock.seconds()) < 60)
    let rows = try #require(answer.json["endpoints"]?.array)
    #expect(rows.map { $0["endpoint"]?.string } == ["a", "b"])
    #expect(rows.map { $0["blocks"]?.integer } == [11, 4])
    #expect(rows.map { $0["tokens"]?.integer } == [176, 64])
    #expect(rows.map { $0["trust"]?.string } == ["exact", "exact"])
    #expect(rows.map { $0["capacity_blocks"] } == [.number(512), .null])
    #expect((rows[0]["index_bytes"]?.integer ?? 0) > 0)
    #expect((rows[0]["age_s"]?.number ?? -1) >= 0)
    #expect((rows[0]["oldest_s"]?.number ?? -1) >= rows[0]["age_s"]?.number ?? 0)
    let tiers = try #require(rows[0]["tiers"]?.array)
    #expect(tiers.map { $0["tier"]?.string } == ["gpu", "cpu"])
    #expect(tiers.map { $0["blocks"]?.integer } == [9, 2])
    #expect(tiers.map { $0["shared_blocks"]?.integer } == [4, 0])
    #expect(tiers.map { $0["bytes"]?.integer } == [144_000, 32_000])
    #expect(tiers.map { $0["capacity_bytes"] } == [.number(512 * 16 * 1000), .null])
    #expect(rows[1]["tiers"]?.array?.first?["bytes"] == .null)
    #expect(rows[0]["ranks"]?.array?.map { $0["tiers"]?.array?.count } == [2])
  }

  @Test func `residency can be asked for by endpoint, tier, model and namespace`() throws {
    let (harness, engines) = try fleet()
    defer { for engine in engines { engine.publisher.stop() } }
    let cpu = try endpoint(harness, "?endpoint=a&tier=cpu")
    #expect(cpu["blocks"]?.integer == 2)
    #expect(cpu["tiers"]?.array?.map { $0["tier"]?.string } == ["cpu"])
    let namespaces = try #require(
      try harness.get("/v1/residency").json["namespaces"]?.array)
    #expect(namespaces.map { $0["lora"] } == [.null, .null, .string("sql"), .string("sql")])
    #expect(namespaces.map { $0["salted"] == .bool(true) } == [false, true, false, true])
    #expect(namespaces.map { $0["blocks"]?.integer } == [8, 0, 1, 0])
    #expect(namespaces.map { $0["holders"]?.integer } == [2, 0, 1, 0])
    let id = try #require(namespaces[2]["namespace"]?.string)
    #expect(try endpoint(harness, "?namespace=\(id)")["blocks"]?.integer == 1)
    #expect(try harness.get("/v1/residency?model=n").json["endpoints"]?.array?.isEmpty == true)
    for (query, status, param) in [
      ("endpoint=c", 404, "endpoint"), ("tier=tape", 400, "tier"),
      ("namespace=12", 404, "namespace"),
    ] {
      let answer = try harness.get("/v1/residency?\(query)")
      #expect(answer.status == status && answer.param == param)
    }
  }

  @Test func `an endpoint that is not followed is told so`() throws {
    let harness = try ServiceHarness([
      "- {name: b, address: 127.0.0.1, port: 1, model: m, kvEvents: {ranks: 0}}\n"
    ])
    let row = try endpoint(harness)
    #expect(row["trust"]?.string == "connecting")
    #expect(row["reason"]?.string?.contains("no KV event source") == true)
    #expect(row["blocks"]?.integer == 0 && row["age_s"] == .null)
  }

  @Test func `the tree is paged, sorted by value, and opened run by run`() throws {
    let (harness, engines) = try fleet()
    defer { for engine in engines { engine.publisher.stop() } }
    // Another answer to prompt 1: a branch after its four blocks.
    let more = PublishedEngine.tokens(1) + PublishedEngine.tokens(7, blocks: 2)
    for (engine, last) in [(engines[0], 0), (engines[1], 1)] {
      var stored = StoredBlocks(
        hashes: [5, 6].map { .integer($0 + UInt64(last) * 100) },
        parent: .integer(PublishedEngine.hash(1, 3)),
        tokens: more.suffix(32).map { $0 + TokenID(last) }, blockSize: 16)
      stored.medium = "GPU"
      engine.publish([.stored(stored)])
    }
    try Deadline.wait { try harness.get("/v1/prefixes").json["total"]?.integer == 5 }
    let all = try #require(try harness.get("/v1/prefixes").json["prefixes"]?.array)
    let values = all.compactMap { $0["value"]?.number }
    #expect(values.count == 5 && values == values.sorted(by: >))
    let root = all[0]
    #expect(root["blocks"]?.integer == 4 && root["holder_count"]?.integer == 2)
    #expect(root["children"]?.integer == 2 && root["depth_tokens"]?.integer == 64)
    #expect((root["reads"]?.integer ?? 0) > 0 && (root["last_hit_s"]?.number ?? -1) >= 0)
    #expect(
      root["holders"]?.array?.map { $0["endpoint"]?.string } == ["a", "b"])
    let id = try #require(root["id"]?.string)
    let children = try harness.get("/v1/prefixes?parent=\(id)").json
    #expect(children["parent"]?.string == id && children["total"]?.integer == 2)
    #expect(children["prefixes"]?.array?.map { $0["first_block"]?.integer } == [4, 4])
    #expect(try harness.get("/v1/prefixes?sort=holders").json["total"]?.integer == 3)
    #expect(try harness.get("/v1/prefixes?endpoint=b").json["total"]?.integer == 2)
    var ids: [String?] = []
    var cursor = ""
    repeat {
      let page = try harness.get("/v1/prefixes?limit=2\(cursor)").json
      ids += page["prefixes"]?.array?.map { $0["id"]?.string } ?? []
      cursor = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
    } while !cursor.isEmpty
    #expect(ids.count == 5 && Set(ids) == Set(all.map { $0["id"]?.string }))
  }

  @Test(arguments: ["limit=0", "limit=x", "sort=best", "parent=xyz", "cursor=1", "cursor=-+1-2"])
  func `a question about prefixes that makes no sense is refused`(query: String) throws {
    let harness = try ServiceHarness()
    let answer = try harness.get("/v1/prefixes?\(query)")
    #expect(answer.status == 400)
    #expect(answer.param == String(query.prefix { $0 != "=" }))
  }
}
