import KVIndexer
import Tokenize

/// The indexer as a client sees it: over HTTP, for one thread at a time.
struct IndexerClient: ~Copyable {
  /// What an endpoint would reuse of a prompt.
  struct Score: Decodable {
    var endpoint: String
    var matchedTokens: Int
    var reservedTokens: Int
    var score: Double
  }

  /// The event source of an endpoint.
  struct Source: Decodable {
    struct Blocks: Decodable { var gpu: Int }
    struct Counters: Decodable {
      var storedEvents: Int
      var removedEvents: Int
      var clearedEvents: Int
    }
    var endpoint: String
    var trust: String
    var blocks: Blocks
    var counters: Counters

    /// Events that answers take into account.
    var appliedEvents: Int {
      counters.storedEvents + counters.removedEvents + counters.clearedEvents
    }
  }

  private static let patienceNanoseconds: UInt64 = 10_000_000_000

  private var client: HTTPClient

  init(url: String) throws {
    client = try HTTPClient(.url(url))
  }

  /// Scores all endpoints, or only one.
  mutating func scores(
    of prompt: [TokenID], endpoint: String? = nil
  ) throws -> [Score] {
    struct Answer: Decodable { var endpoints: [Score] }
    var json = JSONWriter(capacity: 64 + 6 * prompt.count)
    json.object { json in
      json.tokens("tokens", prompt)
      if let endpoint { json.field("endpoints") { $0.array { $0.string(endpoint) } } }
    }
    let path = "/v1/score"
    let answer: Answer = try client.post(path, body: json.bytes).decoded(as: path)
    return answer.endpoints
  }

  /// Announces that `endpoint` is about to receive a prompt.
  mutating func reserve(_ id: String, on endpoint: String, for prompt: [TokenID]) throws {
    var json = JSONWriter(capacity: 64 + 6 * prompt.count)
    json.object { json in
      json.field("request_id", id)
      json.field("endpoint", endpoint)
      json.tokens("tokens", prompt)
    }
    let path = "/v1/reservations"
    let reply = try client.post(path, body: json.bytes)
    guard reply.status == 201 else {
      throw DemoError.unexpectedAnswer(request: path, status: reply.status, body: reply.text)
    }
  }

  /// Takes a reservation back; most have come true by then and are gone.
  mutating func release(_ id: String) throws {
    let path = "/v1/reservations/\(id)"
    let reply = try client.delete(path)
    guard reply.status == 204 || reply.status == 404 else {
      throw DemoError.unexpectedAnswer(request: path, status: reply.status, body: reply.text)
    }
  }

  /// The sources of all endpoints, or of only one.
  mutating func sources(of endpoint: String? = nil) throws -> [Source] {
    struct Answer: Decodable { var sources: [Source] }
    let path = "/v1/sources" + (endpoint.map { "?endpoint=\($0)" } ?? "")
    let answer: Answer = try client.get(path).decoded(as: path)
    return answer.sources
  }

  /// Whether all engines turn text into tokens.
  mutating func isRendering() throws -> Bool {
    struct Answer: Decodable { var rendering: [Renderer] }
    struct Renderer: Decodable { var status: String }
    let path = "/readyz"
    let answer: Answer = try client.get(path).decoded(as: path)
    return answer.rendering.allSatisfy { $0.status == "ready" }
  }

  /// Asks again and again until answers take `count` events of an endpoint into account.
  mutating func waitUntilApplied(events count: Int, of endpoint: String) throws {
    let deadline = MonotonicClock.nowNanoseconds() + Self.patienceNanoseconds
    while true {
      if let source = try sources(of: endpoint).first, source.appliedEvents >= count { return }
      guard MonotonicClock.nowNanoseconds() < deadline else {
        throw DemoError.overdue("applying the events of \(endpoint)")
      }
    }
  }
}
