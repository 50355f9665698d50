package import KVIndexer

/// What endpoints hold of a prompt.
package struct ScoreAnswer: Sendable {
  /// How long the steps took, in nanoseconds.
  package struct Timings: Sendable {
    package var parse: UInt64 = 0
    package var render: UInt64 = 0
    package var hash: UInt64 = 0
    package var match: UInt64 = 0
    package var total: UInt64 = 0
  }

  package var model: String
  /// Of all prompts of the request; an estimate when `origin` says so.
  package var promptTokens: Int
  package var origin: TokensOrigin
  /// Why nothing matches whatever endpoints hold; nil when that is not so.
  package var reason: String?
  /// By name, or the best first when a number of them was asked for.
  package var endpoints: [EndpointScore]
  /// The token ids of each prompt; nil unless asked for.
  package var tokens: [[TokenID]]?
  package var took = Timings()

  /// Whether something could not be found out in time.
  package var isPartial: Bool { origin == .estimated }
}

/// What one endpoint holds of a request's prompts.
///
/// Of several data-parallel ranks the one that holds most counts; which one serves a request is the
/// engine's choice. Of several prompts the numbers are sums.
package struct EndpointScore: Sendable {
  package var member: FleetMembership.Member
  package var blockSize: Int?
  package var matchedTokens = 0
  package var reservedTokens = 0
  package var tierTokens = TierTokens()
  /// Matched tokens / prompt tokens, in [0, 1].
  package var score = 0.0
  /// Nil for an endpoint without event sources.
  package var trust: Trust?
  /// Each rank's own match; empty unless details were asked for.
  package var ranks: [PrefixMatch] = []

  static let unfollowed = "The endpoint has no KV event source; nothing of it is known."

  package var matchedBlocks: Int { matchedTokens / max(blockSize ?? 1, 1) }

  /// Why its numbers are not exact; nil when they are.
  package var reason: String? {
    if let trust { trust.reason } else { Self.unfollowed }
  }
}
