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
    let clearsBefore = source.counters.clearedEvents
    for event in batch.events[events ?? batch.events.indices] {
      switch event.kind {
      case .stored: store(event, batch, source)
      case .removed: remove(event, batch, source)
      case .cleared: applyClear(source)
      }
    }
    // After a clear, too: what was skipped may have come behind it.
    if batch.skippedEvents > 0 { source.damage(.undecodable) }
    keepBudget()
    confirmReservations(of: source, now: now)
    return source.counters.clearedEvents > clearsBefore
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
      owners[lane.index]?.counters.evictedBlocks += blocks
      owners[lane.index]?.damage(.budget)
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
    let parent: BlockParent
    if let hash = event.parent {
      let owner = source.groups[group]
      guard let block = index.find(hash, scope: owner.scope, lanes: owner.usedLanes) else {
        park(event, hash, batch, source, tier)
        return
      }
      parent = .block(block)
    } else {
      parent = .root(root(of: event, source))
    }
    storeRun(
      source, group, tier, parent: parent,
      locals: UnsafePointer(batch.locals.pointer(at: event.locals.lowerBound)),
      hashes: UnsafePointer(batch.hashes.pointer(at: event.hashes.lowerBound)),
      count: event.hashes.count)
  }

  /// The root that the first block of a prompt chains from, remembered by adapter.
  private func root(of event: KVEvent, _ source: Source) -> BlockKey {
    let adapter = event.loraName ?? event.loraID.map { "lora_id:\($0)" }
    let name = Source.RootName(adapter: adapter, blockSize: event.blockSize)
    if let known = source.roots[name] { return known }
    let root = hasher.root(
      model: source.configuration.model, lora: adapter, blockSize: event.blockSize)
    source.roots[name] = root
    return root
  }

  /// Stores a run of blocks, and all that waited for one of them.
  private mutating func storeRun(
    _ source: Source, _ group: Int, _ tier: Tier, parent: BlockParent,
    locals: UnsafePointer<UInt64>, hashes: UnsafePointer<EngineHash>, count: Int
  ) {
    place(source, group, tier, parent: parent, locals: locals, hashes: hashes, count: count)
    if !source.orphans.isEmpty {
      adoptOrphans(of: UnsafeBufferPointer(start: hashes, count: count), source, group)
    }
  }

  private mutating func place(
    _ source: Source, _ group: Int, _ tier: Tier, parent: BlockParent,
    locals: UnsafePointer<UInt64>, hashes: UnsafePointer<EngineHash>, count: Int
  ) {
    var key: UInt64
    switch parent {
    case .root(let root): key = root.bits
    case .block(let block): key = index.key(of: block).bits
    }
    chained.removeAll()
    chained.reserve(count)
    for position in 0..<count {
      key = BlockHasher.chain(key, locals[position])
      chained.appendReserved(key)
    }
    let result = index.store(
      lane(source, group, tier), scope: &source.groups[group].scope, parent: parent,
      keys: UnsafePointer(chained.pointer(at: 0)), hashes: hashes, count: count)
    source.counters.storedBlocks += result.added
    source.counters.copiedBlocks += result.copies
    if source.groups.count > 1 || !source.groups[group].pending.isEmpty {
      for position in 0..<count { bindPending(hashes[position], source) }
    }
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
    for group in source.groups where group.spec.kind == .full {
      if let block = index.find(hash, scope: group.scope, lanes: group.usedLanes) { return block }
    }
    return nil
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
    _ event: KVEvent, _ parent: EngineHash, _ batch: borrowing EventBatch, _ source: Source,
    _ tier: Tier
  ) {
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
    var found = parents.flatMap { source.orphans.take(waitingFor: $0, group: number) }
    while let store = found.popLast() {
      let owner = source.groups[group]
      guard let block = index.find(store.parent, scope: owner.scope, lanes: owner.usedLanes) else {
        // An engine that gave one hash to several blocks has taken it away from the parent.
        source.counters.orphansDropped += store.hashes.count
        source.damage(.orphans)
        continue
      }
      source.counters.orphansResolved += store.hashes.count
      place(
        source, group, store.tier, parent: .block(block), locals: store.locals,
        hashes: store.hashes, count: store.hashes.count)
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
    if let lane = group.lanes[Int(tier.rawValue)],
      index.remove(
        lane, scope: &group.scope, hash: hash, siblings: group.siblings(of: lane)) != .unknown
    {
      return true
    }
    if !group.pending.isEmpty, group.removePending(hash, tier: tier) { return true }
    return !orphans.isEmpty && orphans.remove(hash, group: group.number, tier: tier)
  }
}
