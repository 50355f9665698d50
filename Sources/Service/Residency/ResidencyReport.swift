package import KVIndexer

/// What each endpoint holds, against what its engine has room for.
package struct ResidencyReport: Sendable {
  /// What is asked for; nil: everything.
  package struct Filter: Sendable, Equatable {
    package var endpoint: String?
    package var model: String?
    package var tier: Tier?
    package var namespace: NamespaceID?

    package init() {}
  }

  /// One tier of a rank, or of all ranks of an endpoint.
  package struct TierRow: Sendable, Equatable {
    package var tier: Tier
    package var blocks = 0
    package var tokens = 0
    package var sharedBlocks = 0
    /// Of the engine's cache; nil where nobody said.
    package var capacityBlocks: Int?
    package var capacityTokens: Int?

    mutating func add(_ other: TierRow) {
      blocks += other.blocks
      tokens += other.tokens
      sharedBlocks += other.sharedBlocks
      capacityBlocks = Self.sum(capacityBlocks, other.capacityBlocks)
      capacityTokens = Self.sum(capacityTokens, other.capacityTokens)
    }

    private static func sum(_ a: Int?, _ b: Int?) -> Int? {
      guard let a, let b else { return nil }
      return a + b
    }
  }

  package struct RankRow: Sendable {
    package var rank: Int
    package var trust: Trust
    package var reason: String?
    package var tiers: [TierRow]
  }

  package struct EndpointRow: Sendable {
    package var member: FleetMembership.Member
    /// Empty for an endpoint without event sources.
    package var ranks: [RankRow] = []
    package var blockSize: Int?
    package var tiers: [TierRow] = []
    package var indexBytes = 0
    /// The blocks' mean age and that of the oldest; nil without blocks.
    package var ageSeconds: Double?
    package var oldestSeconds: Double?
    /// Blocks a second; nil before it was looked at for some seconds.
    package var storedPerSecond: Double?
    package var removedPerSecond: Double?

    package var blocks: Int { tiers.reduce(0) { $0 + $1.blocks } }
    package var tokens: Int { tiers.reduce(0) { $0 + $1.tokens } }
    /// The first rank's trust that is not exact; nil without ranks.
    package var trust: Trust? {
      ranks.first { $0.trust != .exact }?.trust ?? ranks.first?.trust
    }
    package var reason: String? {
      if ranks.isEmpty { return EndpointScore.unfollowed }
      return ranks.first { $0.reason != nil }?.reason
    }
    /// Seconds in which it stores as much as it holds.
    package var turnoverSeconds: Double? {
      guard let storedPerSecond, storedPerSecond > 0 else { return nil }
      return Double(blocks) / storedPerSecond
    }
  }

  package var endpoints: [EndpointRow]
  package var namespaces: [NamespaceResidency]
  /// Whether the index is too large to be looked at whole.
  package var isPartial: Bool
}
