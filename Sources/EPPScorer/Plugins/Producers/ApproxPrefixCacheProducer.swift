/// Guesses what endpoints hold from what was sent there.
///
/// Parameters and defaults are those of llm-d's `approx-prefix-cache-producer`.
public struct ApproxPrefixCacheProducer: Plugin, Equatable {
  public static let type = "approx-prefix-cache-producer"

  /// Whether an engine's own number of blocks and block size replace the two below.
  public var autoTune = true
  /// Tokens a block; positive.
  public var blockSizeTokens = 16
  /// Tokens of a prompt that are looked at; 0 for all.
  public var maxPrefixTokensToMatch = 131_072
  /// Blocks that an endpoint is believed to hold; positive.
  public var lruCapacityPerServer = 31_250

  /// A producer with the default parameters.
  public init() {}
}
