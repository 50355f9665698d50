/// Removed events.
extension FleetIndex {
  mutating func remove(_ event: KVEvent, _ batch: borrowing EventBatch, _ source: Source) {
    source.counters.removedEvents += 1
    guard case .tier(let tier) = event.medium else {
      source.counters.unknownMedia += 1
      return
    }
    let number = event.group ?? 0
    guard let group = source.groups.firstIndex(where: { $0.number == number }) else {
      source.counters.unknownRemovals += event.hashes.count
      if tier == .gpu { for _ in event.hashes { source.tally.removed(isKnown: false) } }
      return
    }
    let hashes = UnsafePointer(batch.hashes.pointer(at: event.hashes.lowerBound))
    if event.hashes.count > 1 { index.prefetch(hashes, count: event.hashes.count) }
    if !source.orphans.isEmpty { source.isOutlined = false }
    var removed = 0
    for position in 0..<event.hashes.count {
      let isKnown = remove(hashes[position], &source.groups[group], &source.orphans, tier)
      removed += isKnown ? 1 : 0
      if tier == .gpu { source.tally.removed(isKnown: isKnown) }
    }
    source.counters.removedBlocks += removed
    source.counters.unknownRemovals += event.hashes.count - removed
  }

  private mutating func remove(
    _ hash: EngineHash, _ group: inout CacheGroup, _ orphans: inout Orphanage, _ tier: Tier
  ) -> Bool {
    if let lane = group.lanes[tier],
      index.remove(lane, scope: &group.scope, hash: hash, siblings: group.lanes) != .unknown
    {
      return true
    }
    if !group.pending.isEmpty, group.removePending(hash, tier: tier) { return true }
    return !orphans.isEmpty && orphans.remove(hash, group: group.number, tier: tier)
  }
}
