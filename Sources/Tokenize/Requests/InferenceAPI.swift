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

  /// The field that the prompt stands in.
  package var promptField: String {
    switch self {
    case .completions: "prompt"
    case .chatCompletions, .messages: "messages"
    case .responses: "input"
    case .generate: "token_ids"
    case .sglangGenerate: "input_ids"
    }
  }

  /// The API that a request's path names; nil when none does.
  ///
  /// A query and a slash at the end don't count, nor does what an engine or a gateway mounts the
  /// API under: the longest known end of the path wins, at a segment's boundary. The forms that
  /// end in `/render` are no inference requests.
  public init?(path: String) {
    var segments = path.utf8.prefix { $0 != UInt8(ascii: "?") }
    if segments.last == UInt8(ascii: "/") { segments.removeLast() }
    for (ending, api) in Self.endings {
      let rest = segments.dropLast(ending.utf8.count)
      guard segments.suffix(ending.utf8.count).elementsEqual(ending.utf8),
        rest.last ?? UInt8(ascii: "/") == UInt8(ascii: "/")
      else { continue }
      self = api
      return
    }
    return nil
  }

  /// Ends of paths, the longer before the shorter.
  private static let endings: [(String, InferenceAPI)] = [
    ("inference/v1/generate", .generate), ("chat/completions", .chatCompletions),
    ("completions", .completions), ("responses", .responses), ("messages", .messages),
    ("generate", .sglangGenerate),
  ]
}
