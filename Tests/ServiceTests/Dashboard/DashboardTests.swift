import COpenSSL
import Foundation
import KVIndexer
import Testing

@testable import Service

@Suite struct DashboardTests {
  @Test func `the page needs nothing from elsewhere, and its policy says so`() throws {
    let harness = try ServiceHarness()
    let reply = try harness.get("/").reply
    #expect(reply.status == 200)
    #expect(reply.header("content-type") == "text/html; charset=utf-8")
    let policy = try #require(reply.header("content-security-policy"))
    for part in [
      "default-src 'none'", "connect-src 'self'", "img-src data:",
      "require-trusted-types-for 'script'", "trusted-types 'none'", "frame-ancestors 'none'",
    ] {
      #expect(policy.contains(part), "\(policy)")
    }
    #expect(!policy.contains("unsafe"))
    let text = reply.text
    for (name, start, end) in [
      ("style", "<style>", "</style>"), ("script", "<script type=\"module\">", "</script>"),
    ] {
      let content = try #require(text.split(separator: start, maxSplits: 1).last)
      let inner = try #require(content.split(separator: end, maxSplits: 1).first)
      #expect(policy.contains("\(name)-src 'sha256-\(Self.digest(String(inner)))'"))
    }
    let references = text.matches(of: /(?:src|href)="(?<to>[^"]*)"/).map { String($0.to) }
    #expect(references.count > 2)
    for reference in references {
      #expect(reference.hasPrefix("#") || reference.hasPrefix("data:image/"), "\(reference)")
    }
    for forbidden in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
      #expect(!text.contains(forbidden))
    }
    #expect(reply.body.count < 128 << 10)
  }

  private static func digest(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return Data(digest).base64EncodedString()
  }

  @Test func `the overview tells what the endpoints' list tells`() throws {
    let engines = try (0..<2).map { _ in try PublishedEngine() }
    let harness = try ServiceHarness([
      engines[0].entry("a"), engines[1].entry("b", port: 8001),
    ])
    for engine in engines { engine.store(1..<4) }
    // Sampled once a second.
    let totals = try Deadline.wait { () -> RecordedJSON? in
      let totals = try harness.get("/v1/overview").json["totals"]
      return totals?["blocks"]?.integer == 24 && totals?["unique_blocks"]?.integer == 12
        && totals?["trust"]?["exact"]?.integer == 2 ? totals : nil
    }
    #expect(totals["endpoints"]?.integer == 2)
    let listed = try #require(try harness.get("/v1/endpoints").json["endpoints"]?.array)
    #expect(listed.compactMap { $0["blocks"]?.integer } == [12, 12])
    for engine in engines { engine.publisher.stop() }
  }

  @Test func `a stream begins with the past and goes on with the newest`() throws {
    let harness = try ServiceHarness()
    let connection = try Self.stream(of: harness)
    var text = ""
    while text.components(separatedBy: "event: overview\ndata: ").count < 3 {
      let piece = connection.readSome()
      if piece.isEmpty { throw Deadline.Passed() }
      text += piece
    }
    #expect(text.contains("Content-Type: text/event-stream"))
    #expect(text.contains("\"endpoint_columns\":[\"endpoint\""))
    #expect(try harness.metric("kvindexer_dashboards") == 1)
    harness.service.stop()
    _ = connection.readToEnd()
  }

  @Test func `pages are limited, and those that leave make room`() throws {
    let harness = try ServiceHarness()
    var connections = try (0..<Overview.clientsMax).map { _ in try Self.stream(of: harness) }
    for connection in connections { #expect(connection.readSome().hasPrefix("HTTP/1.1 200")) }
    let refused = try harness.get("/v1/stream")
    #expect(refused.status == 503)
    #expect(refused.type == "overloaded")
    #expect(try harness.metric("kvindexer_dashboards_refused_total") == 1)
    connections = []
    try Deadline.wait { try harness.metric("kvindexer_dashboards") == 0 }
  }

  @Test func `the page is had without a token, and nothing else`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("0123456789abcdef\n", to: "tokens")
    let harness = try ServiceHarness { $0.tokenFile = directory.path + "/tokens" }
    #expect(try harness.get("/").status == 200)
    for path in ["/v1/overview", "/v1/stream", "/v1/endpoints"] {
      #expect(try harness.get(path).status == 401)
    }
  }

  private final class Stream {
    private let connection: RawConnection

    init(port: UInt16) throws {
      connection = try RawConnection(port: port)
      connection.send("GET /v1/stream HTTP/1.1\r\nHost: x\r\n\r\n")
    }

    func readSome() -> String { connection.readSome() }
    func readToEnd() -> String { connection.readToEnd() }
  }

  private static func stream(of harness: ServiceHarness) throws -> Stream {
    guard case .tcp(_, let port) = harness.service.addresses[0] else { throw Deadline.Passed() }
    return try Stream(port: port)
  }
}
