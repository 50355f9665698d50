/// Blocks that are known by hash: of window groups, and placeholders of offloading.
extension FleetIndex {
  /// A store that names a block by hash alone: of window groups, and placeholders of offloading.
  mutating func storeByHash(
    _ hash: EngineHash, _ source: Source, _ group: Int, _ tier: Tier
  ) {
    guard let block = findBlock(hash, source) else {
      let pending = CacheGroup.PendingBlock(hash: hash, tier: tier)
      guard source.groups[group].pending.count < Orphanage.blocksMax else {
        source.counters.orphansDropped += 1
        source.damage(.orphans)
        if tier == .gpu { source.tally.missed(1) }
        return
      }
      source.groups[group].pending[pending, default: 0] += 1
      if tier == .gpu { source.tally.stored(1) }
      return
    }
    let result = index.hold(
      lane(source, group, tier), scope: &source.groups[group].scope, block: block, hash: hash)
    note(result, source, tier)
  }

  /// The block that the source's full groups, in any tier, call `hash`.
  private func findBlock(_ hash: EngineHash, _ source: Source) -> BlockRef? {
    for group in source.groups.indices where source.groups[group].spec.kind == .full {
      if let block = find(hash, source, group) { return block }
    }
    return nil
  }

  /// The block that one group of the source calls `hash`, if it holds it in any tier.
  @inline(__always)
  private func find(_ hash: EngineHash, _ source: Source, _ group: Int) -> BlockRef? {
    index.find(hash, scope: source.groups[group].scope, lanes: source.groups[group].lanes)
  }

  /// Gives a block that was announced by hash alone its place, now that it is known.
  mutating func bindPending(_ hash: EngineHash, _ source: Source) {
    for group in source.groups.indices where !source.groups[group].pending.isEmpty {
      for tier in Tier.allCases {
        let pending = CacheGroup.PendingBlock(hash: hash, tier: tier)
        let copies = source.groups[group].pending.removeValue(forKey: pending) ?? 0
        if tier == .gpu { source.tally.recount(copies) }
        for _ in 0..<copies { storeByHash(hash, source, group, tier) }
      }
    }
  }
}
