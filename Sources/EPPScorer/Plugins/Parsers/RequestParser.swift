/// Understands the requests of some paths.
public protocol RequestParser: Plugin {
  /// Ends of their paths; none for the parser that takes what no other understands.
  var pathEndings: [String] { get }
}

/// Understands OpenAI's requests.
///
/// Parameters and defaults are those of llm-d's `openai-parser`.
public struct OpenAIParser: RequestParser {
  public static let type = "openai-parser"
  public let pathEndings = [
    "chat/completions", "completions", "embeddings", "responses", "conversations",
    "chat/completions/render", "completions/render", "images/generations",
  ]

  /// A plugin; it has no parameters.
  public init() {}
}

/// Understands Anthropic's requests.
///
/// Parameters and defaults are those of llm-d's `anthropic-parser`.
public struct AnthropicParser: RequestParser {
  public static let type = "anthropic-parser"
  public let pathEndings = ["messages", "messages/count_tokens"]

  /// A plugin; it has no parameters.
  public init() {}
}

/// Understands vLLM's requests of token ids.
///
/// Parameters and defaults are those of llm-d's `vllmhttp-parser`.
public struct VLLMHTTPParser: RequestParser {
  public static let type = "vllmhttp-parser"
  public let pathEndings = ["inference/v1/generate"]

  /// A plugin; it has no parameters.
  public init() {}
}

/// Understands SGLang's requests of token ids.
///
/// Parameters and defaults are those of llm-d's `sglanghttp-parser`.
public struct SGLangHTTPParser: RequestParser {
  public static let type = "sglanghttp-parser"
  public let pathEndings = ["generate"]

  /// A plugin; it has no parameters.
  public init() {}
}

/// Lets requests pass that no other parser understands.
///
/// Parameters and defaults are those of llm-d's `passthrough-parser`.
public struct PassthroughParser: RequestParser {
  public static let type = "passthrough-parser"
  public let pathEndings: [String] = []

  /// A plugin; it has no parameters.
  public init() {}
}
