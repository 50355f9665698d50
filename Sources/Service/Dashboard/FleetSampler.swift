import KVIndexer

/// Looks at everything that the dashboard shows.
struct FleetSampler: Sendable {
  let fleet: SharedFleet
  let membership: FleetMembership
  let subscriptions: SubscriptionLoop
  let metrics: ServiceMetrics
  let engines: FleetEngines
  let comparison: ShadowComparison

  func sample() -> FleetSample {
    let compared = comparison.snapshot()
    var traffic: [String: ShadowFigures] = [:]
    for row in compared.rows { traffic[row.endpoint, default: ShadowFigures()] += row.figures }
    let (bytes, unique, residencies) = fleet.read { fleet in
      (fleet.index.bytes, fleet.index.uniqueBlocks, fleet.index.residencies)
    }
    return FleetSample(
      at: MonotonicClock.nowNanoseconds(), time: WallClock.seconds(),
      endpoints: membership.members.map { member in
        var endpoint = endpoint(member)
        endpoint.traffic = traffic[member.name]
        return endpoint
      },
      indexBytes: bytes, uniqueBlocks: unique, residencies: residencies,
      scores: metrics.scores[.answered].value, eventLag: metrics.eventLag.snapshot(),
      applyLatency: metrics.applyLatency.snapshot(), traffic: compared.total)
  }

  private func endpoint(_ member: FleetMembership.Member) -> FleetSample.Endpoint {
    var endpoint = FleetSample.Endpoint(member: member)
    endpoint.engine = engines.snapshot(ofEndpoint: member.name)
    for source in member.sources {
      guard let status = fleet.read({ $0.status(of: source.id) }) else { continue }
      let trust = endpoint.trust ?? .exact
      if trust == .exact {
        endpoint.trust = status.trust
        endpoint.reason = source.failure ?? status.trust.reason
      }
      endpoint.blockSize = endpoint.blockSize ?? status.blockSize
      for (index, tier) in Tier.allCases.enumerated() {
        endpoint.blocks[index] += status.blocks[tier] ?? 0
      }
      endpoint.indexBytes += status.bytes
      let counters = status.counters
      endpoint.events += counters.storedEvents + counters.removedEvents + counters.clearedEvents
      endpoint.storedBlocks += counters.storedBlocks
      endpoint.removedBlocks += counters.removedBlocks
      let received = subscriptions.snapshot(of: source.id)?.counters.lastReceivedNanoseconds
      endpoint.lastMessageAt = [endpoint.lastMessageAt, received].compactMap(\.self).max()
    }
    if member.sources.isEmpty { endpoint.reason = EndpointScore.unfollowed }
    return endpoint
  }
}
