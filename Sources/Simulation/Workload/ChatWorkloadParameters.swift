/// The shape of a chat workload; lengths in tokens, ranges drawn from uniformly.
package struct ChatWorkloadParameters: Sendable, Equatable {
  /// Applications, each with a system prompt of its own that all its conversations share.
  package var systemPromptCount = 8
  package var systemPromptTokens = 200...1_000
  /// Users of each application; a user has one conversation at a time.
  package var usersPerSystemPrompt = 16
  /// Turns of a conversation before the user starts another one.
  package var turns = 1...8
  package var userTokens = 10...200
  package var outputTokens = 10...200
  /// How much more popular the first applications and users are; 0 makes all alike.
  package var popularityExponent = 0.9
  /// A conversation ends early when its next prompt and output would exceed this.
  package var sequenceTokensMax = 8_192
  /// Token ids are drawn below this.
  package var vocabularySize = 32_000

  package init() {}

  /// Checks that every conversation has room for its first turn, and no range is empty.
  func validate() throws(ChatWorkloadError) {
    let counts: [(name: String, value: Int)] = [
      ("systemPromptCount", systemPromptCount),
      ("systemPromptTokens", systemPromptTokens.lowerBound),
      ("usersPerSystemPrompt", usersPerSystemPrompt), ("turns", turns.lowerBound),
      ("userTokens", userTokens.lowerBound), ("outputTokens", outputTokens.lowerBound),
      ("vocabularySize", vocabularySize),
    ]
    for field in counts where field.value < 1 {
      throw .tooSmall(field: field.name, value: field.value)
    }
    let longest = systemPromptTokens.upperBound + userTokens.upperBound + outputTokens.upperBound
    if longest > sequenceTokensMax {
      throw .firstTurnTooLong(tokens: longest, maximum: sequenceTokensMax)
    }
  }
}

/// Why a workload can't be generated.
package enum ChatWorkloadError: Error, Equatable {
  /// A count or the lower end of a range is below 1.
  case tooSmall(field: String, value: Int)
  case firstTurnTooLong(tokens: Int, maximum: Int)
}
