import KVIndexer
import Testing

@testable import Service

@Suite struct FleetWatchTests {
  private func entry(_ endpoint: String, _ trust: Trust? = .exact, rank: Int = 0) -> FleetEntry {
    FleetEntry(
      key: FleetEntry.Key(endpoint: endpoint, rank: rank), address: "10.0.0.1:8000", model: "m",
      blockSize: 16, incarnation: 1, trust: trust)
  }

  @Test func `what came, went and changed is told, and nothing else`() {
    let old = [entry("a"), entry("b"), entry("b", rank: 1), entry("c")]
    let new = [entry("a"), entry("b", .connecting), entry("b", rank: 1), entry("d")]
    #expect(
      FleetWatch.changes(from: old, to: new) == [
        .removed(entry("c")), .changed(entry("b", .connecting)), .added(entry("d")),
      ])
    #expect(FleetWatch.changes(from: old, to: old).isEmpty)
  }

  @Test func `an observer is told all entries, then changes`() throws {
    let directory = try TemporaryDirectory()
    let engines = try (0..<2).map { _ in try PublishedEngine() }
    try directory.write("endpoints:\n" + engines[0].entry("a"), to: "e.yaml")
    let harness = try ServiceHarness(file: directory.path + "/e.yaml")
    let told = Arrivals<FleetChange>()
    let observer = try #require(
      harness.service.fleetWatch.observe { for change in $0 { told.add(change) } })
    guard case .present(let first) = told.next() else { throw Deadline.Passed() }
    #expect(first.key == FleetEntry.Key(endpoint: "a", rank: 0))
    #expect(told.next() == .synced)
    engines[0].store(1..<2)
    try Deadline.wait {
      guard case .changed(let entry) = told.next() else { throw Deadline.Passed() }
      return entry.trust == .exact
    }
    try directory.write(
      "endpoints:\n" + engines[0].entry("a") + engines[1].entry("b", port: 8001), to: "e.yaml")
    try Deadline.wait {
      guard let change = told.next() else { throw Deadline.Passed() }
      if case .added(let entry) = change { return entry.key.endpoint == "b" }
      return false
    }
    harness.service.fleetWatch.cancel(observer)
  }

  @Test func `changes are streamed over HTTP, and a stop ends the stream`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    guard case .tcp(_, let port) = harness.service.addresses[0] else { throw Deadline.Passed() }
    let connection = try RawConnection(port: port)
    connection.send("GET /v1/watch HTTP/1.1\r\nHost: x\r\n\r\n")
    var text = ""
    while !text.contains("event: synced") { text += try Self.more(connection) }
    #expect(text.contains("text/event-stream"))
    #expect(text.contains("event: present\ndata: {\"endpoint\":\"a\",\"rank\":0"))
    engine.store(1..<2)
    // The first block tells the block size, whatever was known of the source before.
    func isTold(_ text: String) -> Bool {
      text.split(separator: "\n\n").contains {
        $0.contains("event: changed\n") && $0.contains("\"block_size\":16")
          && $0.contains("\"trust\":\"exact\"")
      }
    }
    while !isTold(text) { text += try Self.more(connection) }
    harness.service.stop()
    _ = connection.readToEnd()
  }

  /// What arrives next; an error when the server has closed, or is silent for too long.
  private static func more(_ connection: borrowing RawConnection) throws -> String {
    let text = connection.readSome()
    if text.isEmpty { throw Deadline.Passed() }
    return text
  }

  @Test func `observers are limited`() throws {
    let harness = try ServiceHarness()
    let watch = harness.service.fleetWatch
    let observers = (0..<FleetWatch.observersMax).compactMap { _ in watch.observe { _ in } }
    #expect(observers.count == FleetWatch.observersMax)
    #expect(watch.observe { _ in } == nil)
    watch.cancel(observers[0])
    #expect(watch.observe { _ in } != nil)
  }
}
