/// Why a source would reuse no more of a prompt than it would.
public struct MissingBlock: Sendable, Equatable {
  /// What became of the first block that is not reused.
  public enum Cause: Sendable, Equatable {
    /// No loss of it is remembered, and losses are remembered since then.
    case neverStored(since: CoarseTime)
    /// The source lost it.
    case lost(BlockLoss)
    /// The source holds the same tokens under another name.
    case otherNamespace(PromptNamespace, matchedTokens: Int)
    /// Another cache group lacks what it takes to go on here.
    case groupUnusable(group: Int)
    /// It is in a tier whose prefix does not reach up to it.
    case lowerTier(Tier)
    /// What the source holds is not known well enough to say.
    case sourceNotExact(Trust)
  }

  /// From 0; all before it are reused.
  public var block: Int
  public var cause: Cause
  /// Whether the source still holds the block behind it: a hole, not the end.
  public var isHole = false
}

/// What one source would reuse of a prompt, and why not more.
public struct SourceExplanation: Sendable, Equatable {
  public var source: SourceID
  public var endpoint: String
  /// Exactly what `FleetIndex.match` says.
  public var match: PrefixMatch
  /// Tokens a block that the prompt was hashed by; nil when the source has announced no block.
  public var blockSize: Int?
  /// Full blocks of all tokens but the last.
  public var usableBlocks: Int
  /// Since when its trust is what it is.
  public var trustSince: CoarseTime
  /// When it last lost all it held, and why.
  public var emptied: CoarseTime?
  public var emptiedCause: BlockLoss.Cause?
  /// Nil when every usable block is reused.
  public var missing: MissingBlock?
}
