import Foundation
import Service
import Simulation

/// A simulated server with a small, fast engine, and requests to it.
struct ModelServerHarness {
  struct Completion: Decodable {
    struct Choice: Decodable {
      var index: Int
      var text: String
      var finishReason: String
      var tokenIds: [UInt32]?
      var promptTokenIds: [UInt32]?
    }
    struct Usage: Decodable {
      struct Details: Decodable { var cachedTokens: Int }
      var promptTokens: Int
      var completionTokens: Int
      var totalTokens: Int
      var promptTokensDetails: Details
    }
    var choices: [Choice]
    var usage: Usage
  }

  struct Failure: Decodable {
    struct Content: Decodable, Equatable {
      var type: String
      var param: String?
      var code: Int
    }
    var error: Content
  }

  let server: SimulatedServer

  init(blocks: Int = 64, stepTime: Duration = .zero) throws {
    var configuration = SimulatedServerConfiguration(
      engine: EngineConfiguration(blockCount: blocks + 1))
    configuration.stepTime.base = stepTime
    configuration.stepTime.perToken = .zero
    try self.init(configuration)
  }

  init(_ configuration: SimulatedServerConfiguration) throws {
    server = try SimulatedServer(configuration, log: { _ in })
  }

  func post(_ path: String, _ body: String) throws -> HTTPClient.Reply {
    var client = try HTTPClient(.url(server.url))
    return try client.post(path, body: Array(body.utf8))
  }

  func get(_ path: String) throws -> HTTPClient.Reply {
    var client = try HTTPClient(.url(server.url))
    return try client.get(path)
  }

  func complete(_ prompt: some Sequence<Int>, _ fields: String = "") throws -> Completion {
    let ids = prompt.map(String.init).joined(separator: ",")
    return try complete(#""prompt":[\#(ids)]\#(fields)"#)
  }

  func complete(_ fields: String) throws -> Completion {
    try decode(post("/v1/completions", "{\(fields)}"))
  }

  func decode<Value: Decodable>(_ reply: HTTPClient.Reply) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(reply.body))
  }

  /// Asks again until `isTrue`; false when a time is over that only ends failing tests.
  func waits(until isTrue: () throws -> Bool) rethrows -> Bool {
    let deadline = MonotonicClock.nowNanoseconds() + 60_000_000_000
    while try !isTrue() {
      guard MonotonicClock.nowNanoseconds() < deadline else { return false }
      Pause.microseconds(500)
    }
    return true
  }
}
