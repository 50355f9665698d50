/// The request shapes that engines take a prompt in.
public enum InferenceAPI: String, CaseIterable, Sendable {
  /// OpenAI `POST /v1/completions`.
  case completions
  /// OpenAI `POST /v1/chat/completions`.
  case chatCompletions
  /// OpenAI `POST /v1/responses`.
  case responses
  /// Anthropic `POST /v1/messages`.
  case messages
  /// vLLM `POST /inference/v1/generate`: token ids.
  case generate
  /// SGLang `POST /generate`: token ids.
  case sglangGenerate

  /// Where an engine takes such a request.
  public var path: String {
    switch self {
    case .completions: "/v1/completions"
    case .chatCompletions: "/v1/chat/completions"
    case .responses: "/v1/responses"
    case .messages: "/v1/messages"
    case .generate: "/inference/v1/generate"
    case .sglangGenerate: "/generate"
    }
  }

  /// Where vLLM turns such a request into token ids; nil for requests that hold them already.
  public var renderPath: String? {
    switch self {
    case .completions, .chatCompletions, .responses, .messages: path + "/render"
    case .generate, .sglangGenerate: nil
    }
  }
}
