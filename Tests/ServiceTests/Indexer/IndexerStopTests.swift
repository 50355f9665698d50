import Foundation
import KVIndexer
import Service
import Testing

/// The end of a service, while it is at work.
@Suite(.serialized) struct IndexerStopTests {
  @Test func `requests in flight are answered, and later ones refused`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    engine.store(1..<50)
    try harness.wait(for: .exact(64), of: 49)
    let clients = (0..<4).map { _ in AskingClient(url: harness.url) }
    for client in clients { client.start() }
    for client in clients { client.waitForAnswer() }
    harness.service.stop()
    for client in clients {
      client.finished.wait()
      #expect(client.answered > 0)
      // Each ends by a connection that is closed or refused, never by half an answer.
      #expect(client.isEndedByConnection, "\(client.answered) answers, then \(client.end)")
    }
    #expect(!harness.log.all.contains { $0.contains("cut off") })
    harness.service.stop()
  }

  @Test func `a stop under a flood of events ends`() throws {
    let engines = try (0..<4).map { _ in try PublishedEngine() }
    let harness = try ServiceHarness(
      engines.enumerated().map { $1.entry("e\($0)", port: 8000 + $0) })
    for engine in engines { engine.store(1..<500) }
    try Deadline.wait { try harness.match(1, on: "e0").tokens == 64 }
    for engine in engines { engine.store(500..<1_000) }
    harness.service.stop()
    var client = try HTTPClient(.url(harness.url))
    let error = #expect(throws: HTTPClientError.self) { try client.get("/healthz") }
    #expect(error?.kind == .connect)
  }

  @Test func `an address that is taken ends the start`() throws {
    let engine = try PublishedEngine()
    let harness = try ServiceHarness([engine.entry("a")])
    let address = harness.service.addresses[0]
    #expect(throws: SystemError.self) {
      try ServiceHarness([engine.entry("a")]) { $0.listen = [address] }
    }
    #expect(try harness.get("/healthz").status == 200)
  }
}

/// Asks for scores on a thread of its own until it gets no answer.
private final class AskingClient: @unchecked Sendable {
  let finished = DispatchSemaphore(value: 0)
  private let first = DispatchSemaphore(value: 0)
  private let url: String
  private(set) var answered = 0
  private(set) var end: any Error = Deadline.Passed()

  init(url: String) { self.url = url }

  var isEndedByConnection: Bool {
    guard let error = end as? HTTPClientError else { return false }
    return error.kind == .connect || error.kind == .transfer
  }

  func start() {
    Thread.detachNewThread { [self] in
      let body = Array(#"{"tokens": \#(PublishedEngine.tokens(1, blocks: 200))}"#.utf8)
      do {
        var client = try HTTPClient(.url(url))
        while true {
          let answer = try ServiceHarness.answer(try client.post("/v1/score", body: body))
          guard answer.status == 200, answer.json["endpoints"]?.array?.count == 1 else {
            throw Deadline.Passed()
          }
          answered += 1
          if answered == 1 { first.signal() }
        }
      } catch {
        end = error
      }
      finished.signal()
    }
  }

  func waitForAnswer() { first.wait() }
}
