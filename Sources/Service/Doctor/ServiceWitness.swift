import KVIndexer
import Tokenize

/// A running indexer that is asked what it says of the same endpoints.
final class ServiceWitness: Sendable {
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  struct Endpoint: Decodable {
    var endpoint: String
    var address: String
    var model: String?
  }

  struct Source: Decodable {
    struct Stream: Decodable {
      var endpoint: String
      var replayEndpoint: String?
    }
    var endpoint: String
    var rank: Int
    var trust: String
    var reason: String?
    var warning: String?
    var stream: Stream
  }

  struct Readiness: Decodable {
    struct Renderer: Decodable {
      var renderer: String
      var status: String
      var reason: String?
    }
    /// Renderers, or the word `off`.
    enum Rendering: Decodable {
      case off
      case renderers([Renderer])

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        self = (try? value.decode([Renderer].self)).map { .renderers($0) } ?? .off
      }
    }
    var rendering: Rendering?
  }

  struct Score: Decodable {
    var endpoint: String
    var matchedTokens: Int
    var trust: String
  }

  private struct Endpoints: Decodable { var endpoints: [Endpoint] }
  private struct Sources: Decodable { var sources: [Source] }
  private struct Scores: Decodable { var endpoints: [Score] }

  private let settings: DoctorSettings.Witness
  private let calls: DoctorCalls
  private let interruption: Interruption

  init(_ settings: DoctorSettings.Witness, calls: DoctorCalls, interruption: Interruption) {
    self.settings = settings
    self.calls = calls
    self.interruption = interruption
  }

  // MARK: What it follows

  /// The endpoints as the indexer follows them.
  func endpoints() throws(Failure) -> [EndpointConfiguration] {
    let sources = try sources()
    return try ask("/v1/endpoints", Endpoints.self).endpoints.compactMap { endpoint in
      guard let colon = endpoint.address.lastIndex(of: ":"),
        let host = HostName(String(endpoint.address[..<colon])),
        let port = UInt16(endpoint.address[endpoint.address.index(after: colon)...])
      else { return nil }
      return EndpointConfiguration(
        identity: EndpointConfiguration.Identity(namespace: "default", name: endpoint.endpoint),
        address: host, port: port, labels: [:], model: endpoint.model, topic: "",
        sources: sources.filter { $0.endpoint == endpoint.endpoint }.compactMap(Self.source))
    }
  }

  private static func source(_ source: Source) -> EventSourceConfiguration? {
    EventAddress(source.stream.endpoint).map {
      EventSourceConfiguration(
        rank: source.rank, eventAddress: $0,
        replayAddress: source.stream.replayEndpoint.flatMap(EventAddress.init),
        isBound: $0.isWildcard)
    }
  }

  func sources() throws(Failure) -> [Source] {
    try ask("/v1/sources", Sources.self).sources
  }

  func readiness() throws(Failure) -> Readiness { try ask("/readyz", Readiness.self) }

  // MARK: What it predicts

  /// States in which no prompt is ever found, however long one waits.
  private static let fruitless: Set<String> = [
    Trust.silent.name, Trust.mismatched(.model).name, Trust.dead.name,
  ]

  /// Asks for a prompt until the answer is `expected`, will never be, or there is no time left.
  ///
  /// - Returns: The last answer.
  func awaitScore(
    _ expected: Int, tokens: [TokenID], model: String?, endpoint: String, until deadline: UInt64
  ) -> Result<Score, Failure> {
    let pause = WakeUp()
    while true {
      do throws(Failure) {
        let score = try score(tokens: tokens, model: model, endpoint: endpoint)
        let next = MonotonicClock.nowNanoseconds() + Self.pauseNanoseconds
        guard score.matchedTokens != expected, !Self.fruitless.contains(score.trust),
          next < deadline
        else { return .success(score) }
        _ = interruption.wait(for: pause, until: next)
        guard !interruption.isStopped else { return .success(score) }
      } catch {
        return .failure(error)
      }
    }
  }

  private static let pauseNanoseconds: UInt64 = 20_000_000

  private func score(
    tokens: [TokenID], model: String?, endpoint: String
  ) throws(Failure) -> Score {
    var json = JSONWriter()
    json.object { json in
      if let model { json.field("model", model) }
      json.tokens("tokens", tokens)
      json.field("endpoints") { json in json.array { $0.string(endpoint) } }
    }
    let scores = try ask("/v1/score", Scores.self, json.bytes)
    guard let score = scores.endpoints.first(where: { $0.endpoint == endpoint }) else {
      throw Failure(description: "it does not know the endpoint '\(endpoint)'")
    }
    return score
  }

  private func ask<Answer: Decodable>(
    _ path: String, _ type: Answer.Type, _ body: [UInt8]? = nil
  ) throws(Failure) -> Answer {
    var call = HTTPCall(settings.server, path: path)
    if let body {
      call = HTTPCall(settings.server, post: path, json: body)
    } else {
      call.method = "GET"
    }
    call.security = settings.security
    switch calls.send(call) {
    case .failure(let error): throw Failure(description: error.message)
    case .success(let reply):
      // What is not ready yet says so with 503 and a body all the same.
      guard let answer = EngineAnswers.read(type, reply.body) else {
        throw Failure(
          description: "\(path) answers \(reply.status): \(EngineAnswers.message(reply.body))")
      }
      return answer
    }
  }
}
