import KVIndexer
import Tokenize

/// Short completions of new prompts.
extension Examination {
  /// What the engine said of one completion.
  struct Served {
    /// The prompt as it was read.
    var tokens: [TokenID]
    /// Nil when it did not say.
    var cachedTokens: Int?
  }

  enum Probe: Error {
    case failed(String)
    /// Nobody tells the prompt's tokens.
    case noTokens
  }

  /// A prompt that is cached now, on one rank.
  struct Cached {
    var text: ProbePrompt
    var tokens: [TokenID]
    var rank: Int
  }

  /// A prompt for one rank that another one has served; places among the endpoint's sources.
  struct Stray {
    var sent: Int
    var announced: Int
  }

  func complete(
    _ text: ProbePrompt, salt: String? = nil, adapter: String? = nil, rank: Int,
    known: [TokenID]?
  ) throws(Probe) -> Served {
    var json = JSONWriter()
    json.object { json in
      if let name = adapter ?? model { json.field("model", name) }
      json.field("prompt", text.text)
      json.field("max_tokens", 1)
      json.field("temperature", 0)
      json.field("return_token_ids", true)
      if let salt { json.field("cache_salt", salt) }
    }
    let number = endpoint.sources[rank].rank
    let headers =
      endpoint.sources.count > 1 ? [(name: "X-data-parallel-rank", value: "\(number)")] : []
    let reply: HTTPClient.Reply
    switch calls.post(server, "/v1/completions", json.bytes, headers: headers) {
    case .failure(let error): throw .failed(error.message)
    case .success(let answer): reply = answer
    }
    guard reply.status == 200,
      let answer = EngineAnswers.read(EngineAnswers.Completion.self, reply.body)
    else { throw .failed("it answers \(reply.status): \(EngineAnswers.message(reply.body))") }
    guard let tokens = answer.choices.first?.promptTokenIds ?? known else { throw .noTokens }
    return Served(
      tokens: tokens, cachedTokens: answer.usage?.promptTokensDetails?.cachedTokens)
  }

  static func problem(_ probe: Probe) -> DoctorProblem {
    switch probe {
    case .failed(let reason): .probeFailed(reason)
    case .noTokens:
      .probeFailed("nobody tells its tokens: no `return_token_ids`, no render, no /tokenize")
    }
  }
}
