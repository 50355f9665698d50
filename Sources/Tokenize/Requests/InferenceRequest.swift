/// What a router has to know of an inference request, read from its body in one pass.
///
/// Nothing of the prompt's text is kept. The body is checked to be JSON, and what is read here to
/// be of types that vLLM takes; everything else is the engine's business, unknown fields included.
/// Of a field that is given twice the last one counts, as in Python.
public struct InferenceRequest: Equatable, Sendable {
  public var api: InferenceAPI
  /// The model's name as given; nil asks for the engine's only one.
  public var model: String?
  /// Where the model's value stands in the body, its quotes included; nil when there is no such
  /// field.
  public var modelRange: Range<Int>?
  public var prompt: Prompt
  /// Whether the answer is to come as a stream.
  public var isStream = false
  /// `cache_salt`, or SGLang's `extra_key`.
  public var cacheSalt: String?
  public var priority: Int?
  /// What the client names its session with: the first given of vLLM's `session_id` (at the top or
  /// in `vllm_xargs`), SGLang's `session_params.id`, OpenAI's `prompt_cache_key`, Anthropic's
  /// `metadata.user_id`, and `user`.
  public var session: String?
  /// The most tokens that the answer may have.
  public var maxTokens: Int?
  /// Media among token ids that are given, in the order of their offsets.
  public var features: [PromptFeature] = []
  /// Whether anything but text is to be made into tokens.
  public var hasMedia = false
  /// Whether the engine will use cached blocks: vLLM does not where log probabilities of the
  /// prompt are asked for.
  public var readsCache = true
  /// The adapter of SGLang's `lora_path`; for vLLM an adapter is a model.
  public var lora: String?
  /// Equal for requests that render to equal tokens; nil when there is nothing to render.
  public var renderKey: RenderKey?

  /// What the request's prompt is made of.
  public enum Prompt: Equatable, Sendable {
    /// Token ids, shape `[prompts][tokens]`.
    case tokens([[UInt32]])
    /// So many prompts of text.
    case text(prompts: Int)
    /// Messages, which a chat template turns into one prompt.
    case conversation
    /// Embeddings, in part at least: there is nothing that an index could look up.
    case embeddings
  }

  /// Where the prompt's text is, for the estimator.
  struct Layout: Equatable, Sendable {
    var prompt: Range<Int>?
    var tools: Range<Int>?
    var preface: Range<Int>?
  }
  var layout = Layout()

  init(_ api: InferenceAPI, prompt: Prompt) {
    self.api = api
    self.prompt = prompt
  }

  /// Reads a body in one pass.
  ///
  /// - Parameters:
  ///   - api: What the request's path says.
  ///   - body: One JSON object, which may be a part of another text; offsets count from its start.
  ///   - seed: Keys the render key.
  /// - Throws: `RequestBodyError` for what is no JSON object, for a prompt that is missing or
  ///   empty, and for fields of the wrong type.
  /// - Complexity: O(`body.count`); of the body only token ids are copied.
  public init(
    _ api: InferenceAPI, parsing body: UnsafeRawBufferPointer, keyedBy seed: RenderKeySeed
  ) throws(RequestBodyError) {
    var parser = InferenceBodyParser(api, body, keyedBy: seed)
    self = try parser.parse()
  }

  /// Reads a body in one pass, as `init(_:parsing:keyedBy:)` of raw bytes does.
  public init(
    _ api: InferenceAPI, parsing body: [UInt8], keyedBy seed: RenderKeySeed
  ) throws(RequestBodyError) {
    self = try body.span.withUnsafeBytes { bytes throws(RequestBodyError) in
      try Self(api, parsing: bytes, keyedBy: seed)
    }
  }
}
