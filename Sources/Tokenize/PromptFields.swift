/// The fields in which a body gives its prompt, in one of four forms.
///
///     {"tokens": [1, 2, 3]}
///     {"prompt": "text"}
///     {"messages": […], "tools": […]}
///     {"path": "/v1/chat/completions", "body": {…}}
///
/// Text becomes the body of the request that an engine would get. The values in it are the
/// client's own bytes, because the order of keys in a tool's schema changes the tokens.
struct PromptFields {
  enum Field: String, CaseIterable {
    case tokens, prompt, messages, path, body
    case tools
    case toolChoice = "tool_choice"
    case chatTemplate = "chat_template"
    case chatTemplateArguments = "chat_template_kwargs"
    case addGenerationPrompt = "add_generation_prompt"
    case continueFinalMessage = "continue_final_message"
    case addSpecialTokens = "add_special_tokens"
  }

  private var tokens: [UInt32]?
  private var api: InferenceAPI?
  /// Values as they were written.
  private var raw: [(field: Field, value: [UInt8])] = []

  mutating func read<Other>(
    _ field: Field, _ reader: inout RequestBodyReader<Other>
  ) throws(RequestBodyError) {
    switch field {
    case .tokens: tokens = try reader.tokens()
    case .path:
      let path = try reader.name()
      guard let api = InferenceAPI(path: path) else {
        let known = InferenceAPI.allCases.map(\.path).joined(separator: ", ")
        throw reader.failure(
          "'\(path)' is no request whose prompt is understood; known are \(known)", param: "path")
      }
      self.api = api
    default: raw.append((field, try reader.raw()))
    }
  }

  /// The prompt, once all fields were read.
  ///
  /// - Parameter model: Goes into the bodies that are made here; nil leaves it to the engine.
  func input<Field>(
    model: String?, _ reader: borrowing RequestBodyReader<Field>
  ) throws(RequestBodyError) -> PromptInput {
    let main: [PromptFields.Field] = [.prompt, .messages, .body]
    let given = main.filter { field in raw.contains { $0.field == field } }
    guard given.count + (tokens == nil ? 0 : 1) == 1 else {
      throw reader.failure(
        "the prompt is given once, as `tokens`, as `prompt`, as `messages`, or as `path` and `body`"
      )
    }
    guard (api != nil) == (given.first == .body) else {
      throw reader.failure("`path` and `body` belong together", param: api == nil ? "path" : "body")
    }
    if given.first != .messages {
      let companions: Set<PromptFields.Field> = [.prompt, .body, .addSpecialTokens]
      for (field, _) in raw where !companions.contains(field) {
        throw reader.failure("the field belongs to `messages`", param: field.rawValue)
      }
    }
    if let tokens { return .tokens(tokens) }
    if let api, let body = raw.first(where: { $0.field == .body }) { return .body(api, body.value) }
    return .body(given.first == .messages ? .chatCompletions : .completions, composed(model: model))
  }

  private func composed(model: String?) -> [UInt8] {
    var json = JSONWriter(capacity: 128 + raw.reduce(0) { $0 + $1.value.count })
    json.object { json in
      if let model { json.field("model", model) }
      for (field, value) in raw {
        json.field(field.rawValue) { json in value.withUnsafeBytes { json.raw($0) } }
      }
    }
    return json.bytes
  }
}
