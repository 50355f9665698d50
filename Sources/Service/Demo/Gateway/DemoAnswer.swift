import Foundation
import KVIndexer

/// What came back through Envoy: the engine's answer, and what the picker says of its pick.
struct DemoAnswer {
  private struct Event: Decodable {
    struct Choice: Decodable {
      var message: Text?
      var delta: Text?
      var text: String?
    }
    struct Text: Decodable { var content: String? }
    struct Usage: Decodable {
      struct Details: Decodable { var cachedTokens: Int }
      var promptTokens: Int
      var promptTokensDetails: Details
    }
    var choices: [Choice]
    var usage: Usage?

    var text: String {
      choices.map { $0.message?.content ?? $0.delta?.content ?? $0.text ?? "" }.joined()
    }
  }

  /// The endpoint's name in the endpoints file.
  var endpoint = ""
  var predictedTokens = 0
  /// What the prediction rests on: `exact`, or why it was a guess.
  var basis = ""
  var promptTokens = 0
  var cachedTokens = 0
  var output: [TokenID] = []

  /// Reads an answer; `DemoError.unexpectedAnswer` where something is missing.
  init(
    _ reply: HTTPClient.Reply, to request: DemoRequestBody, _ tokenizer: WordTokenizer
  ) throws {
    let events =
      request.isStreamed
      ? try Self.events(of: reply, request.path) : [try reply.decoded(as: request.path) as Event]
    guard let name = reply.header("x-kvindexer-endpoint"),
      let predicted = reply.header("x-kvindexer-predicted-tokens").flatMap({ Int($0) }),
      let basis = reply.header("x-kvindexer-prediction"),
      let usage = events.lazy.compactMap(\.usage).last
    else {
      throw DemoError.unexpectedAnswer(
        request: request.path, status: reply.status, body: reply.text)
    }
    endpoint = String(name.split(separator: "/").last ?? "")
    predictedTokens = predicted
    self.basis = basis
    promptTokens = usage.promptTokens
    cachedTokens = usage.promptTokensDetails.cachedTokens
    output = tokenizer.tokens(of: events.map(\.text).joined())
  }

  /// Why the prediction was a guess, in a word.
  var approximation: String {
    String(basis.split(separator: " ").last ?? "unknown")
  }

  /// The events of a stream, but for the one that ends it.
  private static func events(of reply: HTTPClient.Reply, _ path: String) throws -> [Event] {
    guard reply.status == 200 else {
      throw DemoError.unexpectedAnswer(request: path, status: reply.status, body: reply.text)
    }
    return try reply.text.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("data: "), line != "data: [DONE]" else { return nil }
      var event = reply
      event.body = Array(line.dropFirst("data: ".count).utf8)
      return try event.decoded(as: path)
    }
  }
}
