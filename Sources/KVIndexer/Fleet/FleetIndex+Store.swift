/// Stored events: blocks whose tokens say where they are.
extension FleetIndex {
  mutating func store(_ event: KVEvent, _ batch: borrowing EventBatch, _ source: Source) {
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
      parent: event.parent.map { .block($0) } ?? root(of: event, batch, source),
      locals: UnsafePointer(batch.locals.pointer(at: event.locals.lowerBound)),
      hashes: UnsafePointer(batch.hashes.pointer(at: event.hashes.lowerBound)),
      count: event.hashes.count)
    guard place(run, source, group, tier) else {
      source.parentlessStores += 1
      park(event, batch, source, tier)
      return
    }
    source.parentlessStores = 0
    if !source.orphans.isEmpty {
      adoptOrphans(of: UnsafeBufferPointer(start: run.hashes, count: run.count), source, group)
    }
  }

  /// Blocks that follow each other, as an engine names them.
  struct Run {
    enum Parent {
      case root(BlockKey, NamespaceID)
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
  mutating func place(_ run: Run, _ source: Source, _ group: Int, _ tier: Tier) -> Bool {
    let lane = lane(source, group, tier)
    guard let result = store(run, lane, &source.groups[group]) else { return false }
    note(result, source, tier)
    if source.groups.count > 1 || !source.groups[group].pending.isEmpty {
      for position in 0..<run.count { bindPending(run.hashes[position], source) }
    }
    return true
  }

  @inline(__always)
  private mutating func store(
    _ run: Run, _ lane: LaneID, _ group: inout CacheGroup
  ) -> PrefixIndex.StoreResult? {
    let parent: BlockParent
    var key: UInt64
    switch run.parent {
    case .root(let root, let namespace):
      parent = .root(root, in: namespace)
      key = root.bits
    case .block(let hash):
      guard let block = index.find(hash, scope: group.scope, lanes: group.lanes) else {
        return nil
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
    return index.store(
      lane, scope: &group.scope, parent: parent, keys: UnsafePointer(chained.pointer(at: 0)),
      hashes: run.hashes, count: run.count)
  }

  /// Counts what a store did.
  @inline(__always)
  func note(_ result: PrefixIndex.StoreResult, _ source: Source, _ tier: Tier) {
    source.counters.storedBlocks += result.added
    source.counters.copiedBlocks += result.copies
    if tier == .gpu { source.tally.stored(result.added + result.copies) }
  }

  /// The root that the first block of a prompt chains from, remembered by adapter.
  private mutating func root(
    of event: KVEvent, _ batch: borrowing EventBatch, _ source: Source
  ) -> Run.Parent {
    let adapter = batch.loraName(of: event) ?? event.loraID.map { "lora_id:\($0)" }
    let name = Source.RootName(adapter: adapter, blockSize: event.blockSize)
    let root = source.roots[name] ?? addRoot(name, source)
    let isSalted =
      !event.extraDigests.isEmpty && batch.extraDigests[event.extraDigests.lowerBound] != 0
    return .root(root.key, isSalted ? root.salted : root.plain)
  }

  private mutating func addRoot(_ name: Source.RootName, _ source: Source) -> Source.Root {
    let key = hasher.root(
      model: source.configuration.model, lora: name.adapter, blockSize: name.blockSize)
    var namespace = PromptNamespace(
      model: source.configuration.model, lora: name.adapter, blockSize: name.blockSize)
    let plain = namespaceTable.number(of: namespace, root: key)
    namespace.isSalted = true
    let root = Source.Root(
      key: key, plain: plain, salted: namespaceTable.number(of: namespace, root: key))
    source.roots[name] = root
    return root
  }
}
