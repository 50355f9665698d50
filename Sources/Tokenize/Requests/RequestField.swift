/// What the value under a key of a body means to the parser.
enum RequestField: Sendable {
  case model, stream, priority, cacheSalt
  /// Texts or token ids; the latter only, as `generate` has them.
  case prompt, tokens
  /// A prompt as embeddings.
  case embeddings
  case messages, input, tools
  /// What comes before the conversation: Anthropic's `system`, the Responses API's `instructions`.
  case preface
  case maxTokens, maxCompletionTokens, samplingParameters
  /// What asks for log probabilities of the prompt, which are not to be had from a cache.
  case promptLogProbabilities, echo, logProbabilities
  case features
  /// Media apart from any message.
  case media
  case lora
  case session(SessionField)
  /// What makes tokens depend on fields that they don't depend on otherwise.
  case truncation
  case other
}

/// Where clients name the session that a request belongs to, the most specific first.
enum SessionField: Int, CaseIterable, Sendable {
  /// vLLM's own.
  case sessionID
  /// vLLM's `vllm_xargs.session_id`.
  case engineArguments
  /// SGLang's `session_params.id`.
  case sessionParameters
  /// OpenAI's hint for prefix routing.
  case promptCacheKey
  /// Anthropic's `metadata.user_id`.
  case metadata
  case user

  /// The key of an object's string; nil when the value is a string itself.
  var member: StaticString? {
    switch self {
    case .sessionID, .promptCacheKey, .user: nil
    case .engineArguments: "session_id"
    case .sessionParameters: "id"
    case .metadata: "user_id"
    }
  }
}

/// The fields of a body that matter, by API: one lookup says what a key means.
struct RequestFields: Sendable {
  struct Entry: Sendable {
    var name: StaticString
    var field: RequestField
    /// Whether tokens never depend on it.
    var isNeutral: Bool
  }

  /// Entries by the length of their names.
  private let entries: [[Entry]]

  /// What `key` is; nil for a field that nothing is known of.
  func entry(for key: JSONKey) -> Entry? {
    let length = key.hasEscapes ? key.text.utf8.count : key.raw.count
    guard length < entries.count else { return nil }
    return entries[length].first { key == $0.name }
  }

  private init(_ read: [(StaticString, RequestField)]) {
    let known = read + Self.session.map { ($0.0, .session($0.1)) }
    var all = known.map { Entry(name: $0.0, field: $0.1, isNeutral: false) }
    for name in TokenNeutralFields.names {
      if let index = all.firstIndex(where: { Self.isEqual($0.name, name) }) {
        all[index].isNeutral = true
      } else {
        all.append(Entry(name: name, field: .other, isNeutral: true))
      }
    }
    let longest = all.map(\.name.utf8CodeUnitCount).max() ?? 0
    entries = (0...longest).map { length in
      all.filter { $0.name.utf8CodeUnitCount == length }
    }
  }

  private static func isEqual(_ a: StaticString, _ b: StaticString) -> Bool {
    "\(a)" == "\(b)"
  }

  static func of(_ api: InferenceAPI) -> RequestFields {
    switch api {
    case .completions: completions
    case .chatCompletions: chatCompletions
    case .responses: responses
    case .messages: messages
    case .generate: generate
    case .sglangGenerate: sglangGenerate
    }
  }

  private static let common: [(StaticString, RequestField)] = [
    ("model", .model), ("stream", .stream),
  ]

  private static let session: [(StaticString, SessionField)] = [
    ("session_id", .sessionID), ("vllm_xargs", .engineArguments),
    ("session_params", .sessionParameters), ("prompt_cache_key", .promptCacheKey),
    ("metadata", .metadata), ("user", .user),
  ]

  private static let completions = RequestFields(
    common + [
      ("priority", .priority), ("prompt", .prompt), ("prompt_embeds", .embeddings),
      ("cache_salt", .cacheSalt), ("max_tokens", .maxTokens),
      ("truncate_prompt_tokens", .truncation), ("prompt_logprobs", .promptLogProbabilities),
      ("echo", .echo), ("logprobs", .logProbabilities),
    ])

  private static let chatCompletions = RequestFields(
    common + [
      ("priority", .priority), ("messages", .messages), ("tools", .tools),
      ("cache_salt", .cacheSalt), ("max_tokens", .maxTokens),
      ("max_completion_tokens", .maxCompletionTokens), ("truncate_prompt_tokens", .truncation),
      ("prompt_logprobs", .promptLogProbabilities), ("echo", .echo),
      ("top_logprobs", .logProbabilities),
    ])

  private static let responses = RequestFields(
    common + [
      ("priority", .priority), ("input", .input), ("instructions", .preface), ("tools", .tools),
      ("cache_salt", .cacheSalt), ("max_output_tokens", .maxTokens), ("truncation", .truncation),
    ])

  private static let messages = RequestFields(
    common + [
      ("messages", .messages), ("system", .preface), ("tools", .tools),
      ("cache_salt", .cacheSalt), ("max_tokens", .maxTokens),
    ])

  private static let generate = RequestFields(
    common + [
      ("priority", .priority), ("token_ids", .tokens), ("features", .features),
      ("content_parts", .media), ("sampling_params", .samplingParameters),
      ("cache_salt", .cacheSalt),
    ])

  private static let sglangGenerate = RequestFields(
    common + [
      ("priority", .priority), ("input_ids", .tokens), ("text", .prompt),
      ("input_embeds", .embeddings), ("sampling_params", .samplingParameters),
      ("extra_key", .cacheSalt), ("lora_path", .lora), ("image_data", .media),
      ("video_data", .media), ("audio_data", .media),
    ])
}
