import KVIndexer
import Simulation
import Tokenize

/// A request in one of the forms that clients use: most are chats as text, some completions of token
/// ids, and each is streamed or not.
struct DemoRequestBody {
  /// One session in so many sends token ids, as trainers do.
  private static let sessionsPerTokenized = 4
  /// One request in so many is streamed.
  private static let requestsPerStream = 3

  private let request: ChatRequest
  private let tokenizer: WordTokenizer
  let isChat: Bool
  let isStreamed: Bool

  init(_ request: ChatRequest, _ tokenizer: WordTokenizer) {
    self.request = request
    self.tokenizer = tokenizer
    isChat = (request.session.number + 1) % Self.sessionsPerTokenized != 0
    isStreamed = (request.session.number + request.turn) % Self.requestsPerStream == 0
  }

  var path: String { isChat ? "/v1/chat/completions" : "/v1/completions" }

  func json(model: String) -> [UInt8] {
    var json = JSONWriter(capacity: 256 + 8 * request.tokens.count)
    json.object { json in
      json.field("model", model)
      if isChat {
        json.field("messages") { writeMessages(to: &$0) }
      } else {
        json.tokens("prompt", request.tokens)
      }
      json.field("max_tokens", request.outputTokensMax)
      if isStreamed {
        json.field("stream", true)
        json.field("stream_options") { $0.object { $0.field("include_usage", true) } }
      }
    }
    return json.bytes
  }

  private func writeMessages(to json: inout JSONWriter) {
    var start = 0
    json.array { json in
      for (number, end) in request.messageEnds.enumerated() {
        let role = number == 0 ? "system" : number % 2 == 1 ? "user" : "assistant"
        let text = tokenizer.text(of: Array(request.tokens[start..<end]))
        json.object { json in
          json.field("role", role)
          json.field("content", text)
        }
        start = end
      }
    }
  }

  /// The prompt as an engine sees it.
  ///
  /// - Parameter json: This body.
  func prompt(json: [UInt8]) throws -> [TokenID] {
    guard isChat else { return request.tokens }
    guard case .text(let text)? = try CompletionBody(parsing: json, isChat: true).prompts.first
    else { return [] }
    return tokenizer.tokens(of: text)
  }
}
