import Foundation
import Service
import Testing

@testable import kvindexer

/// The trace that `kvindexer record --decisions` writes of a service's picks.
@Suite struct DecisionRecorderTests {
  /// A service that remembers three decisions, and has others each time it is asked anew.
  private final class Decisions: @unchecked Sendable {
    private let lock = NSLock()
    private var decisions: [DecisionJSON] = []
    private let pageSize: Int
    private(set) var server: HTTPServer?

    init(pageSize: Int) throws {
      self.pageSize = pageSize
      server = try HTTPServer(
        [.tcp(host: "127.0.0.1", port: 0)], log: { _ in },
        handler: { [self] request, reply in
          let (since, before) = (Int(request.query("since") ?? "0"), request.query("before"))
          #expect(request.path == "/v1/decisions" && request.query("blocks") == "true")
          reply.send(answer(after: since ?? 0, before: before.flatMap { Int($0) } ?? .max))
        })
    }

    var url: String { server.map { "http://\($0.addresses[0])" } ?? "" }

    func set(_ decisions: [DecisionJSON]) { lock.withLock { self.decisions = decisions } }

    func stop() {
      server?.stop(waitingAtMost: .zero)
      server = nil
    }

    private func answer(after since: Int, before: Int) -> HTTPResponse {
      let fitting = lock.withLock { decisions }.filter { $0.id > since && $0.id < before }
        .sorted { $0.id > $1.id }
      let page = fitting.prefix(pageSize)
      let next = fitting.count > page.count ? page.last.map { "\($0.id)" } ?? "null" : "null"
      let text =
        #"{"decisions": [\#(page.map(\.text).joined(separator: ","))], "next": \#(next),"#
        + #""kept": \#(fitting.count), "forgotten": 0}"#
      return HTTPResponse(contentType: "application/json", body: Array(text.utf8))
    }
  }

  private struct Line: Decodable, Equatable {
    var timestamp: Int
    var inputLength: Int
    var outputLength: Int
    var hashIds: [Int]
  }

  @Test func `it pages, waits for responses, numbers blocks, and says what it could not have`()
    throws
  {
    let service = try Decisions(pageSize: 2)
    defer { service.stop() }
    let shared = ["00000000000000aa", "00000000000000ab"]
    service.set([
      DecisionJSON(1, output: 20, blocks: shared),
      DecisionJSON(2, "pending", blocks: shared + ["00000000000000ac"]),
      DecisionJSON(3, "unobserved", blocks: ["00000000000000ad"]), DecisionJSON(4, "refused"),
    ])
    let file = FileManager.default.temporaryDirectory.path + "/decisions-\(UUID()).jsonl"
    defer { try? FileManager.default.removeItem(atPath: file) }
    var arguments = Arguments(["--url", service.url])
    var query = ServiceQuery("/v1/decisions")
    query.add("blocks", "true")
    let recorder = DecisionRecorder(
      pages: DecisionPages(location: try ServiceLocation(&arguments), query: query), path: file)
    var turns = 0
    let summary = try recorder.run(
      wait: { _ in
        turns += 1
        // The second decision ends, and ids 5 and 6 come and are forgotten.
        service.set([
          DecisionJSON(2, output: 7, blocks: shared + ["00000000000000ac"]),
          DecisionJSON(7, "pending", blocks: ["00000000000000ad"]),
        ])
        return turns == 2
      }, note: { Issue.record("\($0)") })
    let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map {
      try ServiceLocation.read(Line.self, from: Array($0.utf8))
    }
    #expect(
      lines == [
        Line(timestamp: 0, inputLength: 400, outputLength: 20, hashIds: [0, 1]),
        Line(timestamp: 125, inputLength: 400, outputLength: 7, hashIds: [0, 1, 2]),
        Line(timestamp: 250, inputLength: 400, outputLength: 0, hashIds: [3]),
        Line(timestamp: 750, inputLength: 400, outputLength: 0, hashIds: [3]),
      ])
    #expect(
      summary == "4 requests in \(file); 2 had been forgotten before they were read; "
        + "1 went nowhere or had no prompt, and are left out; "
        + "2 told no output length, which is 0 in the trace")
  }
}
