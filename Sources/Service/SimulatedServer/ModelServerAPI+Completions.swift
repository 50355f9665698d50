import KVIndexer
import Simulation
import Tokenize

extension ModelServerAPI {
  private static let saltCharactersMax = 128

  /// Generates; the answer says how much of the prompt the prefix cache held.
  ///
  /// - Returns: Nil when the answer is streamed, and so has begun already.
  func complete(
    _ body: [UInt8], isChat: Bool, _ reply: HTTPReply
  ) throws(ModelServerError) -> HTTPResponse? {
    let body = try CompletionBody(parsing: body, isChat: isChat)
    try check(body)
    guard body.choices == 1 else {
      throw ModelServerError(.badRequest, "A simulated server makes one choice.", param: "n")
    }
    let prompts = try prompts(of: body)
    let vocabularySize = configuration.engine.vocabularySize
    if let token = prompts.joined().first(where: { $0 >= vocabularySize }) {
      throw ModelServerError(.badRequest, "Token id \(token) is out of vocabulary")
    }
    let requests = prompts.map { prompt in
      EngineRequest(
        tokens: prompt, output: .sampled(body.outputTokensMax), adapter: adapter(of: body),
        cacheSalt: configuration.features.honoursSalt ? body.cacheSalt : nil,
        readsCache: !body.wantsPromptLogProbabilities)
    }
    guard !body.isStreamed else {
      stream(requests, body, isChat: isChat, reply)
      return nil
    }
    do throws(EngineLoopError) {
      let results = try loop.finish(requests)
      return answer(
        results, prompts: prompts, isChat: isChat, returnsTokenIDs: body.returnsTokenIDs)
    } catch {
      switch error {
      case .dead: throw ModelServerError(.engineDead, "The engine is dead.")
      case .refused(let cause):
        throw ModelServerError(.overloaded, "The engine takes no more requests: \(cause).")
      }
    }
  }

  /// The adapter that a request names as its model.
  private func adapter(of body: CompletionBody) -> LoRAAdapter? {
    guard configuration.features.honoursAdapters, let name = body.model,
      let place = configuration.adapters.firstIndex(of: name)
    else { return nil }
    return LoRAAdapter(name: name, id: place + 1)
  }

  func check(_ body: CompletionBody) throws(ModelServerError) {
    let served = [configuration.model] + configuration.adapters
    if let model = body.model, !served.contains(model) {
      throw ModelServerError(
        .notFound,
        "The model `\(model)` does not exist. Valid aliases: \(served.joined(separator: ", ")).",
        param: "model")
    }
    if body.outputTokensMax < 1 {
      throw ModelServerError(
        .badRequest, "max_tokens must be at least 1, got \(body.outputTokensMax).",
        param: "max_tokens")
    }
    if let salt = body.cacheSalt {
      let isAllowed = salt.unicodeScalars.allSatisfy { !"@/\\\0".unicodeScalars.contains($0) }
      guard isAllowed, (1...Self.saltCharactersMax).contains(salt.unicodeScalars.count) else {
        throw ModelServerError(
          .badRequest,
          "'cache_salt' must have 1 to \(Self.saltCharactersMax) characters, none of them '@', "
            + "'/', '\\' or NUL.", param: "cache_salt")
      }
    }
  }

  /// The token ids of each prompt; none is empty, and each leaves room for a token of output.
  func prompts(of body: CompletionBody) throws(ModelServerError) -> [[TokenID]] {
    guard !body.prompts.isEmpty, body.prompts.count <= configuration.promptsMax else {
      throw ModelServerError(
        .badRequest, "You must pass from 1 to \(configuration.promptsMax) prompts.",
        param: "prompt")
    }
    var prompts: [[TokenID]] = []
    let tokensMax = configuration.engine.modelTokensMax
    for prompt in body.prompts {
      let tokens =
        switch prompt {
        case .text(let text): tokenizer.tokens(of: text)
        case .tokens(let tokens): tokens
        }
      if tokens.isEmpty {
        throw ModelServerError(.badRequest, "The prompt must not be empty.", param: "prompt")
      }
      if tokens.count > tokensMax {
        throw ModelServerError(
          .badRequest,
          "This model's maximum context length is \(tokensMax) tokens. However, your prompt "
            + "contains \(tokens.count) input tokens.", param: "input_tokens")
      }
      if tokens.count == tokensMax {
        throw ModelServerError(
          .badRequest, "max_tokens must be at least 1, got 0.", param: "max_tokens")
      }
      prompts.append(tokens)
    }
    return prompts
  }

  private func answer(
    _ results: [FinishedRequest], prompts: [[TokenID]], isChat: Bool, returnsTokenIDs: Bool
  ) -> HTTPResponse {
    let tokens = results.reduce(0) { $0 + $1.promptTokens + $1.output.count }
    var json = JSONWriter(capacity: 512 + 8 * tokens)
    json.object { json in
      json.field("id", nextIdentifier())
      json.field("object", isChat ? "chat.completion" : "text_completion")
      json.field("created", Int(WallClock.seconds()))
      json.field("model", configuration.model)
      json.field("choices") { json in
        json.array { json in
          for (index, result) in results.enumerated() {
            json.object { json in
              json.field("index", index)
              let text = tokenizer.text(of: result.output)
              if isChat {
                json.field("message") { json in
                  json.object { json in
                    json.field("role", "assistant")
                    json.field("content", text)
                  }
                }
              } else {
                json.field("text", text)
              }
              json.field("logprobs", nil as String?)
              json.field("finish_reason", "length")
              json.field("stop_reason", nil as String?)
              if returnsTokenIDs {
                json.tokens("token_ids", result.output)
                if !isChat { json.tokens("prompt_token_ids", prompts[index]) }
              }
            }
          }
        }
      }
      if isChat, returnsTokenIDs { json.tokens("prompt_token_ids", prompts[0]) }
      writeUsage(of: results, to: &json)
    }
    return HTTPResponse(json: json)
  }

  func writeUsage(of results: [FinishedRequest], to json: inout JSONWriter) {
    let promptTokens = results.reduce(0) { $0 + $1.promptTokens }
    let outputTokens = results.reduce(0) { $0 + $1.output.count }
    json.field("usage") { json in
      json.object { json in
        json.field("prompt_tokens", promptTokens)
        json.field("total_tokens", promptTokens + outputTokens)
        json.field("completion_tokens", outputTokens)
        guard configuration.features.tellsCachedTokens else { return }
        json.field("prompt_tokens_details") { json in
          // Of the last prompt when there are several, as vLLM has it.
          json.object { $0.field("cached_tokens", results.last?.cachedTokens) }
        }
      }
    }
  }
}
