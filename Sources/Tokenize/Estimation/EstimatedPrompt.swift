/// A prompt of which only the text is known, as approximate routing sees it.
public struct EstimatedPrompt: Equatable, Sendable {
  /// A quarter of the text's bytes, rounded up, and what was configured for each of its media.
  public var promptTokens: Int
  /// One for every whole block of the text; each tells all of the prompt up to its end.
  public var blocks: [EstimatedBlock]

  public init(promptTokens: Int, blocks: [EstimatedBlock]) {
    self.promptTokens = promptTokens
    self.blocks = blocks
  }
}

/// The hash of a prompt's text up to the end of one of its blocks.
///
/// A type of its own: what an engine caches is keyed by token ids, and nothing follows from
/// comparing the two.
public struct EstimatedBlock: Hashable, Sendable {
  public var bits: UInt64

  public init(bits: UInt64) {
    self.bits = bits
  }
}
