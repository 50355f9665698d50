/// Stores under parents that are not known yet.
extension FleetIndex {
  func park(
    _ event: KVEvent, _ batch: borrowing EventBatch, _ source: Source, _ tier: Tier
  ) {
    guard let parent = event.parent else { return }
    source.isOutlined = false
    let dropped = source.orphans.park(
      Orphanage.Store(
        parent: parent, group: event.group ?? 0, tier: tier,
        hashes: batch.hashes.array(event.hashes), locals: batch.locals.array(event.locals)))
    source.counters.orphansParked += event.hashes.count
    source.counters.orphansDropped += dropped
    if tier == .gpu { source.tally.stored(event.hashes.count) }
    if dropped > 0 {
      source.tally.recount(dropped)
      source.tally.missed(dropped)
      source.damage(.orphans)
    }
  }

  /// Places the stores that wait for `parents`, and those that wait for them in turn.
  ///
  /// A chain of orphans may be as long as the bound, so it is followed by a list and no recursion.
  mutating func adoptOrphans(
    of parents: UnsafeBufferPointer<EngineHash>, _ source: Source, _ group: Int
  ) {
    let number = source.groups[group].number
    source.isOutlined = false
    var found = parents.flatMap { source.orphans.take(waitingFor: $0, group: number) }
    while let store = found.popLast() {
      if store.tier == .gpu { source.tally.recount(store.hashes.count) }
      let isPlaced = store.locals.withUnsafeBufferPointer { locals in
        store.hashes.withUnsafeBufferPointer { hashes in
          guard let locals = locals.baseAddress, let hashes = hashes.baseAddress else {
            return true
          }
          let run = Run(
            parent: .block(store.parent), locals: locals, hashes: hashes,
            count: store.hashes.count)
          return place(run, source, group, store.tier)
        }
      }
      guard isPlaced else {
        // An engine that gave one hash to several blocks has taken it away from the parent.
        source.counters.orphansDropped += store.hashes.count
        source.damage(.orphans)
        if store.tier == .gpu { source.tally.missed(store.hashes.count) }
        continue
      }
      source.counters.orphansResolved += store.hashes.count
      found += store.hashes.flatMap { source.orphans.take(waitingFor: $0, group: number) }
    }
  }
}
