extension FleetIndex {
  /// Applies a batch whose blocks `BlockHasher.prepare` has hashed.
  ///
  /// Blocks that can't be placed are parked, counted, or declared in the source's trust; nothing is
  /// dropped silently. A batch of another incarnation than the source's is dropped and counted.
  ///
  /// - Parameters:
  ///   - events: The slice to apply; nil: the whole batch. Slices of a batch come in order.
  ///   - now: Monotonic nanoseconds.
  /// - Returns: Whether the batch emptied the whole cache. Its history is then known again, whatever
  ///   was missed before: the caller tells the sequence tracker (`historyCleared`).
  @discardableResult
  public mutating func apply(
    _ batch: borrowing EventBatch, events: Range<Int>? = nil, from id: SourceID,
    incarnation: Incarnation, now: UInt64
  ) -> Bool {
    guard let source = source(id) else { return false }
    guard source.incarnation == incarnation else {
      source.counters.fencedBatches += 1
      return false
    }
    let before = source.counters
    let slice = events ?? batch.events.indices
    prefetch(batch, slice)
    for event in batch.events[slice] {
      switch event.kind {
      case .stored: store(event, batch, source)
      case .removed: remove(event, batch, source)
      case .cleared: applyClear(source)
      }
    }
    // After a clear, too: what was skipped may have come behind it.
    if batch.skippedEvents > 0 { source.damage(.undecodable) }
    keepBudget()
    if !source.isOutlined { outline(source) }
    if source.counters.storedBlocks > before.storedBlocks {
      confirmReservations(of: source, now: now)
    }
    return source.counters.clearedEvents > before.clearedEvents
  }

  /// Starts loading what the events will look up, all at once: lookups wait for memory.
  private func prefetch(_ batch: borrowing EventBatch, _ slice: Range<Int>) {
    for number in slice {
      let hashes = batch.events[number].hashes
      if let parent = batch.events[number].parent { index.prefetch(parent) }
      if !hashes.isEmpty { index.prefetch(batch.hashes[hashes.lowerBound]) }
    }
  }

  private mutating func applyClear(_ source: Source) {
    source.counters.clearedEvents += 1
    let hadLowerTiers = source.groups.contains { $0.hasLowerTiers(in: index) }
    clear(source.id)
    if hadLowerTiers { source.damage(.unprovenTier) }
  }

  private mutating func keepBudget() {
    guard index.liveBytes > index.byteBudget else { return }
    for (lane, blocks) in index.evict(to: index.byteBudget - index.byteBudget / 32) {
      guard let owner = owners[lane.index] else { continue }
      owner.counters.evictedBlocks += blocks
      owner.damage(.budget)
      outline(owner)
    }
  }

  // MARK: Stores

  private mutating func store(_ event: KVEvent, _ batch: borrowing EventBatch, _ source: Source) {
    source.counters.storedEvents += 1
    guard case .tier(let tier) = event.medium else {
      source.counters.unknownMedia += 1
      return
    }
    let group = source.group(of: event)
    let kind = source.groups[group].spec.kind
    if kind == .unknown { return }
    if kind != .full || event.blockSize == 0 {
      guard event.blockSize == 0 || source.learn(blockSize: event.blockSize, group: group) else {
        return
      }
      for position in event.hashes { storeByHash(batch.hashes[position], source, group, tier) }
      return
    }
    guard event.tokens.count == event.hashes.count * event.blockSize else {
      source.counters.unpairedStores += 1
      source.damage(.undecodable)
      return
    }
    guard source.learn(blockSize: event.blockSize, group: group), !event.hashes.isEmpty else {
      return
    }
    let run = Run(
      parent: event.parent.map { .block($0) } ?? .root(root(of: event, batch, source)),
      locals: UnsafePointer(batch.locals.pointer(at: event.locals.lowerBound)),
      hashes: UnsafePointer(batch.hashes.pointer(at: event.hashes.lowerBound)),
      count: event.hashes.count)
    guard place(run, source, group, tier) else {
      park(event, batch, source, tier)
      return
    }
    if !source.orphans.isEmpty {
      adoptOrphans(of: UnsafeBufferPointer(start: run.hashes, count: run.count), source, group)
    }
  }

  /// Blocks that follow each other, as an engine names them.
  private struct Run {
    enum Parent {
      case root(BlockKey)
      case block(EngineHash)
    }

    var parent: Parent
    /// Shape `[count]`, as `hashes`.
    var locals: UnsafePointer<UInt64>
    var hashes: UnsafePointer<EngineHash>
    var count: Int
  }

  /// Stores a run, and gives blocks that were known by hash only their places in it.
  ///
  /// - Returns: False, and nothing is changed, where the source does not hold the parent.
  private mutating func place(_ run: Run, _ source: Source, _ group: Int, _ tier: Tier) -> Bool {
    let lane = lane(source, group, tier)
    guard store(run, lane, &source.groups[group], &source.counters) else { return false }
    if source.groups.count > 1 || !source.groups[group].pending.isEmpty {
      for position in 0..<run.count { bindPending(run.hashes[position], source) }
    }
    return true
  }

  @inline(__always)
  private mutating func store(
    _ run: Run, _ lane: LaneID, _ group: inout CacheGroup, _ counters: inout SourceCounters
  ) -> Bool {
    let parent: BlockParent
    var key: UInt64
    switch run.parent {
    case .root(let root):
      parent = .root(root)
      key = root.bits
    case .block(let hash):
      guard let block = index.find(hash, scope: group.scope, lanes: group.lanes) else {
        return false
      }
      parent = .block(block)
      key = index.key(of: block).bits
    }
    chained.removeAll()
    chained.reserve(run.count)
    for position in 0..<run.count {
      key = BlockHasher.chain(key, run.locals[position])
      chained.appendReserved(key)
    }
    let result = index.store(
      lane, scope: &group.scope, parent: parent, keys: UnsafePointer(chained.pointer(at: 0)),
      hashes: run.hashes, count: run.count)
    counters.storedBlocks += result.added
    counters.copiedBlocks += result.copies
    return true
  }

  /// The root that the first block of a prompt chains from, remembered by adapter.
  private func root(
    of event: KVEvent, _ batch: borrowing EventBatch, _ source: Source
  ) -> BlockKey {
    let adapter = batch.loraName(of: event) ?? event.loraID.map { "lora_id:\($0)" }
    let name = Source.RootName(adapter: adapter, blockSize: event.blockSize)
    if let known = source.roots[name] { return known }
    let root = hasher.root(
      model: source.configuration.model, lora: adapter, blockSize: event.blockSize)
    source.roots[name] = root
    return root
  }

  // MARK: Blocks that are known by hash

  /// A store that names a block by hash alone: of window groups, and placeholders of offloading.
  private mutating func storeByHash(
    _ hash: EngineHash, _ source: Source, _ group: Int, _ tier: Tier
  ) {
    guard let block = findBlock(hash, source) else {
      let pending = CacheGroup.PendingBlock(hash: hash, tier: tier)
      guard source.groups[group].pending.count < Orphanage.blocksMax else {
        source.counters.orphansDropped += 1
        source.damage(.orphans)
        return
      }
      source.groups[group].pending[pending, default: 0] += 1
      return
    }
    let result = index.hold(
      lane(source, group, tier), scope: &source.groups[group].scope, block: block, hash: hash)
    source.counters.storedBlocks += result.added
    source.counters.copiedBlocks += result.copies
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
  private mutating func bindPending(_ hash: EngineHash, _ source: Source) {
    for group in source.groups.indices where !source.groups[group].pending.isEmpty {
      for tier in Tier.allCases {
        let pending = CacheGroup.PendingBlock(hash: hash, tier: tier)
        let copies = source.groups[group].pending.removeValue(forKey: pending) ?? 0
        for _ in 0..<copies { storeByHash(hash, source, group, tier) }
      }
    }
  }

  // MARK: Orphans

  private func park(
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
    if dropped > 0 { source.damage(.orphans) }
  }

  /// Places the stores that wait for `parents`, and those that wait for them in turn.
  ///
  /// A chain of orphans may be as long as the bound, so it is followed by a list and no recursion.
  private mutating func adoptOrphans(
    of parents: UnsafeBufferPointer<EngineHash>, _ source: Source, _ group: Int
  ) {
    let number = source.groups[group].number
    source.isOutlined = false
    var found = parents.flatMap { source.orphans.take(waitingFor: $0, group: number) }
    while let store = found.popLast() {
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
        continue
      }
      source.counters.orphansResolved += store.hashes.count
      found += store.hashes.flatMap { source.orphans.take(waitingFor: $0, group: number) }
    }
  }

  // MARK: Removals

  private mutating func remove(_ event: KVEvent, _ batch: borrowing EventBatch, _ source: Source) {
    source.counters.removedEvents += 1
    guard case .tier(let tier) = event.medium else {
      source.counters.unknownMedia += 1
      return
    }
    let number = event.group ?? 0
    guard let group = source.groups.firstIndex(where: { $0.number == number }) else {
      source.counters.unknownRemovals += event.hashes.count
      return
    }
    let hashes = UnsafePointer(batch.hashes.pointer(at: event.hashes.lowerBound))
    if event.hashes.count > 1 { index.prefetch(hashes, count: event.hashes.count) }
    if !source.orphans.isEmpty { source.isOutlined = false }
    var removed = 0
    for position in 0..<event.hashes.count {
      removed += remove(hashes[position], &source.groups[group], &source.orphans, tier) ? 1 : 0
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
