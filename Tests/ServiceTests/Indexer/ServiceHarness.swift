import Foundation
import KVIndexer
import Service
import Testing

/// A whole service on a port of its own, and a client of its API.
final class ServiceHarness {
  let service: IndexerService
  let log = LogLines()
  private var client: HTTPClient

  /// Starts a service whose endpoints are the entries of an endpoints file.
  ///
  /// - Parameter file: A file to follow instead.
  init(
    _ entries: [String] = [], file: String? = nil,
    _ adjust: (inout ServiceConfiguration) -> Void = { _ in }
  ) throws {
    var configuration = ServiceConfiguration()
    if !entries.isEmpty {
      let text = "endpoints:\n" + entries.joined()
      configuration.endpoints = try EndpointsFile(parsing: Array(text.utf8), file: "test").endpoints
    }
    configuration.endpointsFile = file
    configuration.listen = [.tcp(host: "127.0.0.1", port: 0)]
    configuration.log = Log(minimum: .info) { [log] in log.add($0) }
    configuration.subscriptions.reconnectMilliseconds = 10
    configuration.subscriptions.reconnectMillisecondsMax = 50
    configuration.subscriptions.replayRetryMilliseconds = 20
    configuration.subscriptions.quietMilliseconds = 50
    configuration.rendering = nil
    configuration.grpcListen = []
    adjust(&configuration)
    service = try IndexerService(configuration)
    client = try HTTPClient(.url("http://\(service.addresses[0])"))
  }

  deinit { service.stop() }

  var url: String { "http://\(service.addresses[0])" }

  /// An answer with its body read.
  struct Answer {
    var status: Int
    var json: RecordedJSON
    var reply: HTTPClient.Reply

    /// Of an error.
    var message: String { json["error"]?["message"]?.string ?? "" }
    var type: String { json["error"]?["type"]?.string ?? "" }
    var param: String? { json["error"]?["param"]?.string }
  }

  func send(_ method: String, _ path: String, _ body: String? = nil) throws -> Answer {
    let reply = try client.send(
      method, path, body: body.map { Array($0.utf8) }, contentType: "application/json")
    return try Self.answer(reply)
  }

  static func answer(_ reply: HTTPClient.Reply) throws -> Answer {
    let isJSON = reply.header("content-type") == "application/json" && !reply.body.isEmpty
    let json = isJSON ? try JSONDecoder().decode(RecordedJSON.self, from: Data(reply.body)) : .null
    return Answer(status: reply.status, json: json, reply: reply)
  }

  func get(_ path: String) throws -> Answer { try send("GET", path) }

  /// The value of a metric without labels.
  func metric(_ name: String) throws -> Double? {
    try get("/metrics").reply.text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
      .flatMap { Double($0.dropFirst(name.utf8.count + 1)) }
  }

  /// What the service says of each endpoint for a prompt, by name.
  func score(_ tokens: [TokenID], _ more: String = "") throws -> [String: RecordedJSON] {
    let answer = try send("POST", "/v1/score", #"{"tokens": \#(tokens)\#(more)}"#)
    #expect(answer.status == 200, "\(answer.message)")
    let endpoints = answer.json["endpoints"]?.array ?? []
    return Dictionary(
      endpoints.compactMap { entry in entry["endpoint"]?.string.map { ($0, entry) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Tokens of a prompt that an endpoint would reuse, and how far that can be believed.
  func match(_ prompt: Int, on endpoint: String = "a") throws -> Match {
    // One more token than the blocks have, so that all of them are usable.
    let entry = try score(PublishedEngine.tokens(prompt) + [0])[endpoint]
    return Match(
      tokens: entry?["matched_tokens"]?.integer ?? -1, trust: entry?["trust"]?.string ?? "",
      reason: entry?["reason"]?.string)
  }

  struct Match: Equatable {
    var tokens: Int
    var trust: String
    var reason: String?

    static func exact(_ tokens: Int) -> Match { Match(tokens: tokens, trust: "exact") }
  }

  /// Waits until an endpoint matches a prompt so.
  func wait(
    for expected: Match, of prompt: Int, on endpoint: String = "a",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var last: Match?
    do {
      try Deadline.wait {
        last = try match(prompt, on: endpoint)
        return last == expected
      }
    } catch is Deadline.Passed {
      Issue.record(
        "waited for \(expected), is \(String(describing: last))",
        sourceLocation: sourceLocation)
    }
  }

  /// Waits until an endpoint matches a prompt with that trust, whatever its reason.
  @discardableResult
  func wait(
    forTrust trust: String, tokens: Int, of prompt: Int, on endpoint: String = "a"
  ) throws -> Match {
    try Deadline.wait {
      let match = try match(prompt, on: endpoint)
      return match.trust == trust && match.tokens == tokens ? match : nil
    }
  }

  /// The state of a source.
  func source(_ endpoint: String = "a", rank: Int = 0) throws -> RecordedJSON? {
    try get("/v1/sources").json["sources"]?.array?.first {
      $0["endpoint"]?.string == endpoint && $0["rank"]?.integer == rank
    }
  }
}

/// What a service logged.
final class LogLines: @unchecked Sendable {
  private let lock = Lock()
  private var lines: [String] = []

  func add(_ line: String) { lock.withLock { lines.append(line) } }
  var all: [String] { lock.withLock { lines } }
}

extension RecordedJSON {
  var array: [RecordedJSON]? {
    if case .array(let values) = self { values } else { nil }
  }

  var integer: Int? {
    if case .number(let number) = self { Int(exactly: number) } else { nil }
  }

  var number: Double? {
    if case .number(let number) = self { number } else { nil }
  }
}
