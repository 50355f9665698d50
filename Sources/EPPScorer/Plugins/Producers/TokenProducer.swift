/// Turns requests into token ids.
///
/// Parameters and defaults are those of llm-d's `token-producer`; `tokenizer` is its old name.
public struct TokenProducer: Plugin, Equatable {
  public static let type = "token-producer"

  /// Who knows the tokens.
  public enum Backend: Equatable, Sendable {
    /// Nobody: text is estimated, token ids are taken as they are.
    case estimate(tokensPerImage: Int)
    /// vLLM's render endpoints at a fixed address.
    case vllm(url: String, timeout: Duration, mediaTimeout: Duration)
    /// The render endpoints of the pool's own endpoints; not in llm-d.
    case endpoints(timeout: Duration, mediaTimeout: Duration)

    /// What is waited for at most, for a prompt of text.
    public static let timeoutDefault = Duration.seconds(5)
    /// The same, for one of structured messages, which may hold media.
    public static let mediaTimeoutDefault = Duration.seconds(30)
    public static let standardEndpoints = Backend.endpoints(
      timeout: timeoutDefault, mediaTimeout: mediaTimeoutDefault)
  }

  public var backend: Backend
  /// The model that the renderer serves; nil to send the request's.
  public var modelName: String?
  /// Whether requests whose tokens can't be had are refused instead of approximated; not in llm-d.
  public var isRequired: Bool

  /// A producer.
  public init(
    backend: Backend = .estimate(tokensPerImage: 225), modelName: String? = nil,
    isRequired: Bool = false
  ) {
    self.backend = backend
    self.modelName = modelName
    self.isRequired = isRequired
  }
}
