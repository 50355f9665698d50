import KVIndexer
import Tokenize

extension ModelServerAPI {
  /// Tokenizes, and says what generating would be asked to do; nothing is generated.
  ///
  /// A list with one entry a prompt; the entry itself for a chat.
  func render(_ body: [UInt8], isChat: Bool) throws(ModelServerError) -> HTTPResponse {
    guard configuration.features.renders else {
      throw ModelServerError(
        .disabled,
        "Scale-out endpoints are disabled. Restart vllm serve with --enable-scale-out to enable "
          + "them.")
    }
    let body = try CompletionBody(parsing: body, isChat: isChat)
    try check(body)
    let prompts = try prompts(of: body)
    let identifier = nextIdentifier()
    var json = JSONWriter()
    if isChat {
      write(prompts[0], identifier, body, &json)
    } else {
      json.array { json in
        for (index, prompt) in prompts.enumerated() {
          write(prompt, prompts.count == 1 ? identifier : "\(identifier)-\(index)", body, &json)
        }
      }
    }
    return HTTPResponse(json: json)
  }

  private func write(
    _ prompt: [TokenID], _ identifier: String, _ body: CompletionBody, _ json: inout JSONWriter
  ) {
    json.object { json in
      json.field("request_id", identifier)
      json.tokens("token_ids", prompt)
      json.field("features", nil as String?)
      json.field("sampling_params") { json in
        let room = configuration.engine.modelTokensMax - prompt.count
        let outputTokens = min(body.outputTokensMax, room)
        json.object { json in
          // vLLM leaves out what equals its default.
          if outputTokens != CompletionBody.outputTokensDefault {
            json.field("max_tokens", outputTokens)
          }
        }
      }
      json.field("model", configuration.model)
      json.field("output_mode", "tokens")
      json.field("stream", body.isStreamed)
      json.field("cache_salt", body.cacheSalt)
      json.field("priority", 0)
    }
  }

  /// Tokenizes one text or chat, whatever its length.
  func tokenize(_ body: [UInt8]) throws(ModelServerError) -> HTTPResponse {
    let isChat = body.withUnsafeBytes { Self.hasMessages($0) }
    let body = try CompletionBody(parsing: body, isChat: isChat)
    try check(body)
    guard case .text(let text)? = body.prompts.first, body.prompts.count == 1 else {
      throw ModelServerError(.badRequest, "One prompt is needed, a text.", param: "prompt")
    }
    let tokens = tokenizer.tokens(of: text)
    var json = JSONWriter()
    json.object { json in
      json.field("count", tokens.count)
      json.field("max_model_len", configuration.engine.modelTokensMax)
      json.tokens("tokens", tokens)
      json.field("token_strs", nil as String?)
    }
    return HTTPResponse(json: json)
  }

  /// Whether an object has the field that makes it a chat; what is no object has not.
  private static func hasMessages(_ body: UnsafeRawBufferPointer) -> Bool {
    var cursor = JSONCursor(body)
    do {
      try cursor.beginObject()
      while let key = try cursor.nextKey() {
        if key == "messages" { return true }
        try cursor.skipValue()
      }
    } catch {
      return false
    }
    return false
  }
}
