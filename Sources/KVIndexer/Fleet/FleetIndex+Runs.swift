/// Who holds how much of a run.
package struct RunHolder: Sendable, Equatable {
  package var source: SourceID
  package var endpoint: String
  package var rank: Int
  package var tier: Tier
  package var blocks: Int

  /// Whoever holds most comes first; then by name, rank and tier.
  fileprivate func isBefore(_ other: RunHolder) -> Bool {
    (other.blocks, endpoint, rank, tier.rawValue)
      < (blocks, other.endpoint, other.rank, other.tier.rawValue)
  }
}

/// The tree of runs, for people.
extension FleetIndex {
  /// Looks at the next runs that a selection asks for, until it is complete.
  ///
  /// - Parameter work: Runs and holders of runs to look at, about.
  package func select(_ selection: inout RunSelection, work: Int) {
    let roles = laneRoles
    index.select(
      &selection, roles: roles, lanes: lanes(of: selection.query, roles), work: work)
  }

  private func lanes(of query: RunQuery, _ roles: LaneRoles) -> PrefixIndex.LaneFilter? {
    if query.endpoint == nil, query.model == nil { return nil }
    return (0..<roles.count).map { lane in
      let role = roles[lane]
      guard role.isMain, let configuration = source(role.source)?.configuration else {
        return false
      }
      return configuration.endpoint == query.endpoint ?? configuration.endpoint
        && configuration.model == query.model ?? configuration.model
    }
  }

  /// The holders of each run, the ones with most first and at most `limit`; empty for a run that
  /// is not there any more.
  package func holders(ofRuns keys: [BlockKey], limit: Int) -> [[RunHolder]] {
    let roles = laneRoles
    return keys.map { key in
      let holders = (index.holders(ofRun: key, roles: roles) ?? []).compactMap { lane, blocks in
        let role = roles[lane.index]
        return source(role.source).map {
          RunHolder(
            source: $0.id, endpoint: $0.configuration.endpoint, rank: $0.configuration.rank,
            tier: role.tier, blocks: blocks)
        }
      }
      return Array(holders.sorted { $0.isBefore($1) }.prefix(limit))
    }
  }
}
