/// Divides a request where so many of its tokens are not cached on who decodes.
///
/// Tokens are tokens here: neither weights of tiers nor reservations count as cached. Where it is
/// not known what the endpoint holds the request stays whole.
///
/// Formula and defaults are those of llm-d's `prefix-based-pd-decider`.
public struct PrefixBasedPDDecider: Decider {
  public static let type = "prefix-based-pd-decider"
  /// Uncached tokens from which it is worth it; 0 never divides.
  public var nonCachedTokens: Int
  /// The shortest prompt that may be divided.
  public var promptTokens: Int

  /// A plugin with these parameters.
  public init(nonCachedTokens: Int = 0, promptTokens: Int = 0) {
    self.nonCachedTokens = nonCachedTokens
    self.promptTokens = promptTokens
  }

  public func divides(_ request: SchedulingRequest, hit: PrefixHit?) -> Bool {
    guard nonCachedTokens > 0, let hit, hit.basis != .unknown,
      request.promptTokens >= promptTokens
    else { return false }
    return request.promptTokens - hit.matchedTokens >= nonCachedTokens
  }
}
