/// What can be said of a source at one moment, for people and metrics.
public struct SourceStatus: Sendable {
  public var source: SourceID
  public var configuration: SourceConfiguration
  public var trust: Trust
  /// Since when that is its trust.
  public var trustSince: CoarseTime
  /// For how long it has been.
  public var trustSeconds: Double
  public var incarnation: Incarnation
  /// Tokens a block, learnt from the events; nil before the first store.
  public var blockSize: Int?
  /// Whether the learnt block size contradicts the configured one.
  public var contradictsConfiguration: Bool
  /// What to do about that; nil where they agree.
  public var contradiction: String? {
    guard contradictsConfiguration, let blockSize else { return nil }
    return "blockSize \(configuration.blockSize ?? 0) is configured, but the engine's events say "
      + "\(blockSize): the events are right, mend the configuration"
  }
  /// Blocks held in each tier by the main group.
  public var blocks: [Tier: Int]
  /// Blocks of every group and tier.
  public var residencies: Int
  /// Bytes of the index that the source's residencies take, by its share of all residencies.
  public var bytes: Int
  public var orphansWaiting: Int
  public var groups: [CacheGroupStatus]
  public var counters: SourceCounters
}

/// One cache group of a source.
public struct CacheGroupStatus: Sendable, Equatable {
  public var number: Int
  public var spec: CacheSpec
  public var blockSize: Int?
  public var blocks: Int
  /// Blocks known by hash only, waiting for a full group to announce them.
  public var pending: Int
}

extension FleetIndex {
  /// Ids of all sources, ascending.
  public var sourceIDs: [SourceID] { sources.compactMap { $0?.id } }

  /// How far a source can be believed; nil when there is no such source.
  public func trust(of id: SourceID) -> Trust? { source(id)?.trust }

  /// What a source was added as; nil when there is no such source.
  public func configuration(of id: SourceID) -> SourceConfiguration? { source(id)?.configuration }

  /// What happened to a source's events so far; nothing when there is no such source.
  public func counters(of id: SourceID) -> SourceCounters {
    source(id)?.counters ?? SourceCounters()
  }

  /// The state of one source; nil when there is no such source.
  ///
  /// - Complexity: O(lanes).
  public func status(of id: SourceID) -> SourceStatus? {
    guard let source = source(id) else { return nil }
    var blocks: [Tier: Int] = [:]
    if let main = source.mainGroup {
      for (tier, lane) in source.groups[main].lanes.all { blocks[tier] = index.blocks(of: lane) }
    }
    let groups = source.groups.map { group in
      CacheGroupStatus(
        number: group.number, spec: group.spec, blockSize: group.blockSize,
        blocks: group.lanes.all.reduce(0) { $0 + index.blocks(of: $1.lane) },
        pending: group.pending.values.reduce(0, +))
    }
    let residencies = groups.reduce(0) { $0 + $1.blocks }
    let configured = source.configuration.blockSize
    return SourceStatus(
      source: id, configuration: source.configuration, trust: source.trust,
      trustSince: source.trustSince, trustSeconds: source.trustSince.seconds(until: index.clock),
      incarnation: source.incarnation, blockSize: source.blockSize,
      contradictsConfiguration: configured != nil && source.blockSize != nil
        && configured != source.blockSize,
      blocks: blocks, residencies: residencies,
      bytes: residencies * index.bytes / max(index.residencies, 1),
      orphansWaiting: source.orphans.blocks, groups: groups, counters: source.counters)
  }
}
