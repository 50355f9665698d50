/// What a source holds in one tier.
public struct TierResidency: Sendable, Equatable {
  public var tier: Tier
  public var blocks = 0
  /// Blocks that another endpoint holds too, in any tier.
  public var sharedBlocks = 0
  /// Seconds since the runs of the blocks were first stored, summed over the blocks.
  public var ageSeconds = 0.0
  /// Seconds since the oldest run was first stored.
  public var oldestSeconds = 0.0
}

/// What is below the roots of a namespace.
public struct NamespaceResidency: Sendable, Equatable {
  public var namespace: PromptNamespace
  /// For people: stable while the hash key is.
  public var id: UInt64
  /// Distinct blocks that somebody holds.
  public var blocks: Int
  /// Endpoints that hold some.
  public var holders: Int
}

/// A walk over the whole index in slices: `FleetIndex.survey` until `isComplete`.
public struct FleetSurvey: Sendable {
  var index: IndexSurvey
  /// Runs that were looked at.
  public var runsVisited: Int { index.nodesVisited }

  /// A survey that has not begun.
  ///
  /// - Parameter namespace: Only its blocks count for sources; nil: all blocks.
  public init(namespace: NamespaceID? = nil) { index = IndexSurvey(namespace: namespace) }

  /// Whether every run was looked at.
  public var isComplete: Bool { index.next == nil }
}

extension FleetIndex {
  /// Looks at the next runs of the index.
  ///
  /// - Parameter work: Runs and holders of runs to look at, about.
  public func survey(_ survey: inout FleetSurvey, work: Int) {
    index.survey(&survey.index, roles: laneRoles, work: work)
  }

  /// What the main groups of sources hold, as far as a survey has come.
  public func sources(in survey: FleetSurvey) -> [SourceID: [TierResidency]] {
    let roles = laneRoles
    var found: [SourceID: [TierResidency]] = [:]
    for (lane, totals) in survey.index.lanes.enumerated() where totals.blocks > 0 {
      let role = roles[lane]
      guard role.isMain else { continue }
      found[role.source, default: []].append(
        TierResidency(
          tier: role.tier, blocks: totals.blocks, sharedBlocks: totals.sharedBlocks,
          ageSeconds: Double(totals.ageTenths) / 10,
          oldestSeconds: totals.oldest.map { $0.seconds(until: time) } ?? 0))
    }
    return found
  }

  /// What is below the roots of each namespace, as far as a survey has come.
  public func namespaces(in survey: FleetSurvey) -> [NamespaceResidency] {
    let roles = laneRoles
    return namespaceTable.rows.indices.map { position in
      let row = namespaceTable.rows[position]
      let known = position + 1 < survey.index.namespaces.count
      let totals = known ? survey.index.namespaces[position + 1] : .init()
      var endpoints: Set<Int32> = []
      for (word, bits) in totals.lanes.enumerated() {
        var rest = bits
        while rest != 0 {
          endpoints.insert(roles[word * 64 + rest.trailingZeroBitCount].endpoint)
          rest &= rest - 1
        }
      }
      return NamespaceResidency(
        namespace: row.namespace, id: row.id, blocks: totals.blocks,
        holders: endpoints.subtracting([-1]).count)
    }
  }

  /// The number of a namespace that `NamespaceResidency.id` names.
  public func namespace(withID id: UInt64) -> NamespaceID? { namespaceTable.number(ofID: id) }

  /// The name and id of a namespace; nil for one that is not known.
  public func namespace(_ number: NamespaceID) -> (id: UInt64, namespace: PromptNamespace)? {
    namespaceTable[number].map { ($0.id, $0.namespace) }
  }

  /// What each lane is; lanes of retired sources are nobody's.
  var laneRoles: LaneRoles {
    var roles = Array(repeating: LaneRole.nobody, count: owners.count)
    for case let source? in sources {
      guard let endpoint = source.endpoint else { continue }
      let main = source.mainGroup
      for (number, group) in source.groups.enumerated() {
        for (tier, lane) in group.lanes.all {
          roles[lane.index] = LaneRole(
            endpoint: Int32(endpoint), source: source.id, tier: tier, isMain: number == main)
        }
      }
    }
    return LaneRoles(roles)
  }
}
