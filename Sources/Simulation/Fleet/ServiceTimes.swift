/// How long an engine takes: the model behind times to first token and behind how long requests
/// hold their blocks.
///
/// An engine computes one prompt at a time, in the order of arrival, at a steady rate; a decoding
/// request takes the same time a token whatever else the engine does.
package struct ServiceTimes: Sendable, Equatable {
  /// Tokens of prompts that an engine computes in a second.
  package var prefillTokensPerSecond = 12_000
  /// Nanoseconds from one output token to the next.
  package var tokenNanoseconds: UInt64 = 20_000_000

  package init() {}

  /// Nanoseconds until a prompt is computed of which so many tokens are not cached; never 0, since
  /// the last token always is computed.
  func prefill(uncachedTokens: Int) -> UInt64 {
    UInt64(max(uncachedTokens, 1)) * 1_000_000_000 / UInt64(prefillTokensPerSecond)
  }

  /// Nanoseconds from the first token to the last.
  func decode(outputTokens: Int) -> UInt64 { UInt64(max(outputTokens, 1) - 1) * tokenNanoseconds }
}
