package import Tokenize

/// A prompt that was read: its model, and its tokens as far as they could be had.
package struct ResolvedPrompt: Sendable {
  /// The model of the fleet.
  package var model: String
  /// The adapter's name.
  package var lora: String?
  package var origin: TokensOrigin
  /// One or several prompts of one request; none when they are estimated.
  package var prompts: [RenderedPrompt]
  /// Of all prompts.
  package var tokenCount: Int
  /// Whether the engine will use cached blocks for it.
  package var readsCache = true
  /// Why the tokens are estimated, or why nothing matches; nil when all is as it should be.
  package var reason: String?
  /// What reading the request took, in nanoseconds, and what waiting for the renderer did.
  package var parseNanoseconds: UInt64 = 0
  package var renderNanoseconds: UInt64 = 0
}
