import EPPScorer

/// What could be found out about a request's prompt in time.
enum PromptFindings: Sendable {
  /// Its tokens; they may be an estimate.
  case resolved(ResolvedPrompt)
  /// What another process's indexer knows of it.
  case scored(RemoteScore)
  /// Nothing.
  case none(ApproximationCause)

  /// Tokens of all prompts, exact or estimated; nil when nobody knows.
  var tokenCount: Int? {
    switch self {
    case .resolved(let prompt): prompt.tokenCount
    case .scored(let score): score.promptTokens
    case .none: nil
    }
  }

  /// The base model, where the request's name for it was understood.
  var model: String? {
    guard case .resolved(let prompt) = self else { return nil }
    return prompt.model
  }

  /// The tokens, where they are no estimate.
  var exactPrompt: ResolvedPrompt? {
    guard case .resolved(let prompt) = self, prompt.origin != .estimated else { return nil }
    return prompt
  }

  /// Why nothing exact is known of any endpoint; nil when something is.
  var gap: ApproximationCause? {
    switch self {
    case .resolved(let prompt): prompt.origin == .estimated ? .noTokens : nil
    case .scored(let score): score.origin == .estimated ? .noTokens : nil
    case .none(let cause): cause
    }
  }

  /// A sentence for a request that insists on its tokens.
  var reason: String? {
    switch self {
    case .resolved(let prompt): prompt.reason
    case .scored(let score): score.reason
    case .none: nil
    }
  }
}
