import CLinux
import Glibc
import KVIndexer
import Service
import Testing

/// Snapshots on their way from one indexer to another.
@Suite(.serialized) struct SnapshotTransferTests {
  /// A snapshot of an indexer that follows one engine.
  private static func snapshot() throws -> [UInt8] {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(0..<20)
    try harness.wait(for: .exact(64), of: 19)
    let reply = try harness.get("/v1/snapshot").reply
    #expect(reply.header("content-length") == "\(reply.body.count)")
    harness.service.stop()
    return reply.body
  }

  /// Gives a part of an answer to `GET /v1/snapshot`, and closes.
  private static func server(_ head: String, _ body: [UInt8]) throws -> ConnectionServer {
    try ConnectionServer { descriptor in
      guard ConnectionServer.request({ ConnectionServer.read(descriptor) }) != nil else { return }
      for bytes in [Array(head.utf8), body] {
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
      }
      shutdown(descriptor, Int32(SHUT_WR))
    }
  }

  private static func verify(_ server: ConnectionServer) throws {
    let url = HTTPClient.Server.url("http://127.0.0.1:\(server.port)")
    _ = try PeerSnapshots.fetch(PeerConfiguration(server: url)).reader().verify()
  }

  @Test func `a stream that breaks off is an error, wherever it does`() throws {
    let bytes = try Self.snapshot()
    for kept in [0, 7, 39, 41, bytes.count / 2, bytes.count - 1] {
      let part = Array(bytes.prefix(kept))
      let cutOff = try Self.server(
        "HTTP/1.1 200 OK\r\nContent-Length: \(bytes.count)\r\n\r\n", part)
      #expect(throws: HTTPClientError.self, "\(kept)") { try Self.verify(cutOff) }
      cutOff.stop()
      // Nothing but the snapshot itself says where it ends.
      let short = try Self.server("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", part)
      #expect(throws: SnapshotError.self, "\(kept)") { try Self.verify(short) }
      short.stop()
    }
    let whole = try Self.server("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", bytes)
    try Self.verify(whole)
    whole.stop()
  }

  @Test func `what a refusal says is told`() throws {
    let server = try Self.server(
      "HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n", Array("too many".utf8))
    let failure = #expect(throws: PeerSnapshots.Failure.self) { try Self.verify(server) }
    #expect(failure?.description == "it answers 503: too many")
    server.stop()
  }

  @Test func `a snapshot of many sections comes over whole, to several at once`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(0..<40, blocks: 600)
    try harness.wait(for: .exact(64), of: 39)
    let url = HTTPClient.Server.url(harness.url)
    let found = Found()
    let readers = (0..<3).map { number in
      WorkerThread(name: "reader \(number)") {
        do {
          let file = try PeerSnapshots.fetch(PeerConfiguration(server: url))
          found.add(try file.reader().verify())
        } catch {
          Issue.record("\(error)")
        }
      }
    }
    for reader in readers { reader.join() }
    #expect(found.all.map(\.residencies) == [24_000, 24_000, 24_000])
    #expect(found.all.allSatisfy { $0.sections > 3 })
    harness.service.stop()
  }

  private final class Found: @unchecked Sendable {
    private let lock = Lock()
    private var totals: [SnapshotTotals] = []

    func add(_ found: SnapshotTotals) { lock.withLock { totals.append(found) } }
    var all: [SnapshotTotals] { lock.withLock { totals } }
  }
}
