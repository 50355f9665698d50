/// What a response says of its tokens; nil for what it does not say.
public struct TokenUsage: Equatable, Sendable {
  public var promptTokens: Int?
  public var completionTokens: Int?
  /// Of the prompt's tokens, those that the engine did not compute.
  public var cachedTokens: Int?

  /// A usage.
  public init(promptTokens: Int? = nil, completionTokens: Int? = nil, cachedTokens: Int? = nil) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.cachedTokens = cachedTokens
  }
}
