/// Sources of an earlier process, which hold their blocks until they are configured again.
extension FleetIndex {
  /// An index that knows what a snapshot says, of sources that are still to be added.
  ///
  /// - Parameters:
  ///   - isWanted: Which sources to take.
  ///   - now: Monotonic nanoseconds.
  /// - Throws: `SnapshotError` where the snapshot has another key, is damaged, or contradicts itself.
  package static func restored(
    from reader: consuming SnapshotReader,
    taking isWanted: (SnapshotSource) -> Bool = { _ in true },
    hasher: BlockHasher, byteBudget: Int, now: UInt64
  ) throws(SnapshotError) -> FleetIndex {
    var fleet = FleetIndex(hasher: hasher, byteBudget: byteBudget)
    fleet.keepTime(now)
    try fleet.load(reader, taking: isWanted)
    return fleet
  }

  private mutating func load(
    _ reader: consuming SnapshotReader, taking isWanted: (SnapshotSource) -> Bool
  ) throws(SnapshotError) {
    let seal = HashSeal(seed: hasher.seed)
    guard reader.isOf(hasher) else { throw .otherKey }
    let sizes = reader.sizes
    guard sizes.runBound <= index.nodes.capacity else { throw .overBudget(bytes: index.byteBudget) }
    var lanes = [LaneID?](repeating: nil, count: 1 << 16)
    // Without a message that was applied nothing can prove that its engine is still the same.
    let sources = reader.sources.filter { $0.stream != nil && isWanted($0) }
    for source in sources { parked.append(state(of: source, seal, &lanes)) }
    index.makeRoom(for: sizes, residencies: sources.reduce(0) { $0 + $1.residencies })
    var restoration = TreeRestoration(
      lanes: lanes, namespaces: [.unknown] + reader.namespaces.map { number(of: $0) }, seal: seal,
      runBound: sizes.runBound)
    let totals = try reader.readTree { cursor throws(SnapshotError) in
      try index.restore(&cursor, with: &restoration)
    }
    try index.linkRestored(restoration)
    guard restoration.totals.runs == totals.runs, restoration.totals.blocks == totals.blocks,
      restoration.totals.residencies == totals.residencies
    else { throw .damaged(.tree, "it holds another number of blocks than it says") }
    for source in sources { try restoreCopies(of: source, seal, lanes) }
  }

  mutating func number(of namespace: PromptNamespace) -> NamespaceID {
    let root = hasher.root(
      model: namespace.model, lora: namespace.lora, blockSize: namespace.blockSize)
    return namespaceTable.number(of: namespace, root: root)
  }

  /// What a snapshot says of a source, with lanes of its own.
  private mutating func state(
    of source: SnapshotSource, _ seal: HashSeal, _ lanes: inout [LaneID?]
  ) -> SourceState {
    var state = SourceState(source, seal: seal)
    for (position, group) in source.groups.enumerated() {
      for saved in group.lanes {
        lanes[Int(saved.number)] = addLane(saved.tier, to: &state.groups[position])
      }
    }
    return state
  }

  /// A lane for a tier of a group that is not in the index yet.
  mutating func addLane(_ tier: Tier, to group: inout CacheGroup) -> LaneID {
    let lane = index.addLane()
    group.lanes[tier] = lane
    if group.needsPath(tier) { index.continuationLanes += 1 }
    return lane
  }

  private mutating func restoreCopies(
    of source: SnapshotSource, _ seal: HashSeal, _ lanes: [LaneID?]
  ) throws(SnapshotError) {
    for group in source.groups {
      for saved in group.lanes {
        guard let lane = lanes[Int(saved.number)] else { continue }
        guard index.blocks(of: lane) == saved.blocks else {
          throw .damaged(.source, "a lane holds another number of blocks than it says")
        }
        var copies: [UInt64: UInt32] = [:]
        for copy in saved.copies { copies[seal.open(copy.canonical)] = copy.count }
        guard index.restoreCopies(copies, of: lane) else {
          throw .damaged(.source, "a lane has copies of a block that it does not hold")
        }
      }
    }
  }

  // MARK: Sources that come

  /// Gives a source that is being added what an earlier process knew of it.
  mutating func adopt(_ source: Source) {
    guard let place = parked.firstIndex(where: { $0.isOf(source.configuration) }) else { return }
    let state = parked.remove(at: place)
    source.incarnation = state.incarnation
    source.groups = state.groups
    source.orphans = state.orphans
    source.damage = state.damage
    source.mismatch = state.mismatch
    source.tally.stored(knownBlocks(of: state))
    applied[source.id] = state.stream.map { AppliedStream($0) }
    for group in state.groups {
      for (tier, lane) in group.lanes.all {
        if group.spec.kind == .full { index.rememberLosses(of: lane, source.id, tier) }
        while owners.count <= lane.index { owners.append(nil) }
        owners[lane.index] = source
        if index.evicted(of: lane) > 0 { source.damage(.budget) }
      }
    }
  }

  /// Blocks of the first tier that a source of a snapshot knows: copies, and blocks without a place,
  /// included.
  private func knownBlocks(of state: SourceState) -> Int {
    var known = 0
    for group in state.groups {
      if let lane = group.lanes[.gpu] {
        known += index.blocks(of: lane)
        known += index.copies(of: lane).values.reduce(0) { $0 + Int($1) }
      }
      for (block, copies) in group.pending where block.tier == .gpu { known += copies }
    }
    for store in state.orphans.stores where store.tier == .gpu { known += store.hashes.count }
    return known
  }

  /// How many sources of a snapshot wait to be configured.
  package var parkedSources: Int { parked.count }

  /// Gives up the sources that were not configured again; `dropLeaving` drops what they hold.
  ///
  /// - Returns: Their endpoints, and the residencies of each.
  package mutating func giveUpParked() -> [(endpoint: String, residencies: Int)] {
    leaving += parked
    defer { parked = [] }
    return parked.map { state in
      let lanes = state.groups.flatMap { $0.lanes.all.map(\.lane) }
      return (state.endpoint, lanes.reduce(0) { $0 + index.blocks(of: $1) })
    }
  }

  /// Drops a slice of what nobody has claimed.
  ///
  /// - Returns: Whether there is more.
  package mutating func dropLeaving(blocksMax: Int) -> Bool {
    guard let state = leaving.last else { return false }
    for group in state.groups {
      for (_, lane) in group.lanes.all where index.blocks(of: lane) > 0 {
        _ = index.clear(lane, cause: .restarted, atMost: blocksMax, remembers: false)
        return true
      }
    }
    leaving.removeLast()
    removeLanes(of: state.groups)
    return !leaving.isEmpty
  }

  /// Everything that a snapshot is to hold of sources.
  var sourceStates: [SourceState] {
    var states: [SourceState] = []
    for case let source? in sources where source.endpoint != nil {
      states.append(SourceState(source, stream: record(of: source.id)))
    }
    return states + parked
  }
}
