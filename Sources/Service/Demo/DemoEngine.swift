import Foundation
import KVIndexer
import Tokenize

/// A simulated server of the demo, and the one connection that its requests go over.
final class DemoEngine: @unchecked Sendable {
  /// What a server says of a request that it has finished.
  struct Completion {
    var cachedTokens: Int
    var output: [TokenID]
  }

  let name: String
  let server: SimulatedServer
  private let lock = Lock()
  /// Under the lock.
  private var client: HTTPClient

  init(name: String, server: SimulatedServer) throws {
    self.name = name
    self.server = server
    client = try HTTPClient(.url(server.url))
  }

  /// Where the indexer finds it.
  var endpoint: EndpointConfiguration? {
    guard case .tcp(let host, let port) = server.configuration.address,
      let address = HostName(host),
      let eventAddress = EventAddress(server.configuration.eventEndpoint)
    else { return nil }
    let source = EventSourceConfiguration(
      rank: 0, eventAddress: eventAddress,
      replayAddress: server.configuration.replayEndpoint.flatMap { EventAddress($0) },
      isBound: false)
    return EndpointConfiguration(
      identity: EndpointConfiguration.Identity(namespace: "default", name: name),
      address: address, port: port, labels: [:], model: server.configuration.model,
      blockSize: server.configuration.engine.blockSize, topic: "", sources: [source])
  }

  /// Runs `body`, which sends at most one request, while nobody else uses the engine.
  ///
  /// The lock is held across the network: waiting for each other is what it is for.
  func exclusively<R>(_ body: (inout HTTPClient) throws -> R) rethrows -> R {
    try lock.withLock { try body(&client) }
  }

  /// Generates on the engine.
  func complete(
    _ prompt: [TokenID], outputTokens: Int, over client: inout HTTPClient
  ) throws -> Completion {
    struct Answer: Decodable {
      struct Choice: Decodable { var tokenIds: [TokenID] }
      struct Usage: Decodable { var promptTokensDetails: Details }
      struct Details: Decodable { var cachedTokens: Int }
      var choices: [Choice]
      var usage: Usage
    }
    var json = JSONWriter(capacity: 64 + 6 * prompt.count)
    json.object { json in
      json.field("model", server.configuration.model)
      json.tokens("prompt", prompt)
      json.field("max_tokens", outputTokens)
      json.field("return_token_ids", true)
    }
    let path = "/v1/completions"
    let answer: Answer = try client.post(path, body: json.bytes).decoded(as: path)
    return Completion(
      cachedTokens: answer.usage.promptTokensDetails.cachedTokens,
      output: answer.choices.first?.tokenIds ?? [])
  }
}

extension HTTPClient.Reply {
  /// The body of a successful answer, whose names in snake case become ours.
  ///
  /// - Parameter request: What was asked, for the error.
  func decoded<Value: Decodable>(as request: String) throws -> Value {
    guard status < 300 else {
      throw DemoError.unexpectedAnswer(request: request, status: status, body: text)
    }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(body))
  }
}
