import KVIndexer

/// Puts together what is known of residency: the index, the engines' own numbers, rates.
final class ResidencyReader: Sendable {
  private let fleet: SharedFleet
  private let membership: FleetMembership
  private let inspector: FleetInspector
  private let churn: ChurnHistory
  private let engines: FleetEngines

  init(
    fleet: SharedFleet, membership: FleetMembership, inspector: FleetInspector,
    churn: ChurnHistory, engines: FleetEngines
  ) {
    self.fleet = fleet
    self.membership = membership
    self.inspector = inspector
    self.churn = churn
    self.engines = engines
  }

  /// Looks at the whole index: for the inspection thread.
  func report(_ filter: ResidencyReport.Filter) -> ResidencyReport {
    let findings = inspector.survey(namespace: filter.namespace)
    let rows = membership.members.compactMap { member -> ResidencyReport.EndpointRow? in
      guard filter.endpoint ?? member.name == member.name,
        filter.model ?? member.model == member.model
      else { return nil }
      return row(member, findings, filter)
    }
    let namespaces = findings.namespaces.filter {
      filter.model ?? $0.namespace.model == $0.namespace.model
    }
    return ResidencyReport(
      endpoints: rows, namespaces: namespaces, isPartial: findings.isPartial)
  }

  private func row(
    _ member: FleetMembership.Member, _ findings: FleetInspector.Findings,
    _ filter: ResidencyReport.Filter
  ) -> ResidencyReport.EndpointRow {
    var row = ResidencyReport.EndpointRow(member: member)
    let capacity = engines.capacityBlocks(of: member)
    var ageSeconds = 0.0
    var surveyed = 0
    for source in member.sources {
      guard let status = fleet.read({ $0.status(of: source.id) }) else { continue }
      let found = (findings.sources[source.id] ?? []).filter {
        filter.tier == nil || $0.tier == filter.tier
      }
      let tiers = Self.tiers(status, found, filter, capacityBlocks: capacity)
      row.ranks.append(
        ResidencyReport.RankRow(
          rank: source.configuration.rank, trust: status.trust,
          reason: source.failure ?? status.trust.reason, tiers: tiers))
      for tier in tiers { row.add(tier) }
      row.blockSize = row.blockSize ?? status.blockSize
      row.indexBytes += status.bytes
      for tier in found {
        ageSeconds += tier.ageSeconds
        surveyed += tier.blocks
        row.oldestSeconds = max(row.oldestSeconds ?? 0, tier.oldestSeconds)
      }
      if let rates = churn.rates(of: source.id) {
        row.storedPerSecond = (row.storedPerSecond ?? 0) + rates.stored
        row.removedPerSecond = (row.removedPerSecond ?? 0) + rates.removed
      }
    }
    if surveyed > 0 { row.ageSeconds = ageSeconds / Double(surveyed) }
    return row
  }

  /// The tiers of one rank; the first one always, the others where they hold something.
  private static func tiers(
    _ status: SourceStatus, _ found: [TierResidency], _ filter: ResidencyReport.Filter,
    capacityBlocks: Int?
  ) -> [ResidencyReport.TierRow] {
    let blockSize = status.blockSize ?? 0
    return Tier.allCases.compactMap { tier in
      guard filter.tier ?? tier == tier else { return nil }
      let surveyed = found.first { $0.tier == tier }
      // The index counts exactly what it holds; only a namespace's share takes the walk.
      let blocks = filter.namespace == nil ? status.blocks[tier] ?? 0 : surveyed?.blocks ?? 0
      guard blocks > 0 || tier == .gpu || filter.tier == tier else { return nil }
      var row = ResidencyReport.TierRow(tier: tier)
      row.blocks = blocks
      row.tokens = blocks * blockSize
      row.sharedBlocks = min(surveyed?.sharedBlocks ?? 0, blocks)
      if tier == .gpu, let capacityBlocks {
        row.capacityBlocks = capacityBlocks
        row.capacityTokens = status.blockSize.map { capacityBlocks * $0 }
      }
      return row
    }
  }
}

extension ResidencyReport.EndpointRow {
  fileprivate mutating func add(_ tier: ResidencyReport.TierRow) {
    if let position = tiers.firstIndex(where: { $0.tier == tier.tier }) {
      tiers[position].add(tier)
    } else {
      tiers.append(tier)
      tiers.sort { $0.tier.rawValue < $1.tier.rawValue }
    }
  }
}
