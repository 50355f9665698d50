/// A prompt as the engine will see it.
public struct RenderedPrompt: Equatable, Sendable {
  /// With the placeholders of media expanded.
  public var tokens: [UInt32]
  /// Media in the prompt, in the order of their offsets.
  public var features: [PromptFeature]
  /// The salt that the engine takes for this prompt.
  public var cacheSalt: String?

  public init(tokens: [UInt32], features: [PromptFeature] = [], cacheSalt: String? = nil) {
    self.tokens = tokens
    self.features = features
    self.cacheSalt = cacheSalt
  }
}

/// An image, a video or a sound in a prompt: its hash goes into the keys of the blocks it touches.
public struct PromptFeature: Hashable, Sendable {
  /// For example `image`.
  public var modality: String
  /// The engine's identifier of the content, opaque.
  public var hash: String
  /// The first of its placeholders, in tokens from the start of the prompt.
  public var offset: Int
  /// Placeholders, in tokens.
  public var length: Int

  public init(modality: String, hash: String, offset: Int, length: Int) {
    self.modality = modality
    self.hash = hash
    self.offset = offset
    self.length = length
  }
}
