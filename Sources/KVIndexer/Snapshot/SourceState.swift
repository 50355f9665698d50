/// What a source is and holds, apart from the index that it is in or goes to.
struct SourceState {
  var endpoint: String
  var model: String
  var rank: Int
  var duplicates: HashScope.DuplicateRule
  var incarnation: Incarnation
  var damage: Trust.Degradation?
  var mismatch: Trust.Mismatch?
  var stream: SequenceTracker.Record?
  /// With the lanes that they have in the index.
  var groups: [CacheGroup]
  var orphans: Orphanage
}

extension SourceState {
  init(_ source: Source, stream: SequenceTracker.Record?) {
    let configuration = source.configuration
    self.init(
      endpoint: configuration.endpoint, model: configuration.model, rank: configuration.rank,
      duplicates: configuration.duplicates, incarnation: source.incarnation, damage: source.damage,
      mismatch: source.mismatch, stream: stream, groups: source.groups, orphans: source.orphans)
  }

  /// Whether a source of this configuration continues it.
  func isOf(_ configuration: SourceConfiguration) -> Bool {
    endpoint == configuration.endpoint && model == configuration.model
      && rank == configuration.rank && duplicates == configuration.duplicates
  }

  /// As a snapshot has it.
  ///
  /// - Parameter holdings: Blocks and copies by lane.
  func sealed(
    by seal: HashSeal, _ holdings: [LaneID: (blocks: Int, copies: [UInt64: UInt32])]
  ) -> SnapshotSource {
    SnapshotSource(
      endpoint: endpoint, model: model, rank: rank, duplicates: duplicates,
      incarnation: incarnation, damage: damage, mismatch: mismatch, stream: stream,
      groups: groups.map { group in
        SnapshotSource.Group(
          number: group.number, spec: group.spec, blockSize: group.blockSize,
          lanes: group.lanes.all.map { tier, lane in
            SnapshotSource.Lane(
              tier: tier, number: UInt16(lane.index), blocks: holdings[lane]?.blocks ?? 0,
              copies: (holdings[lane]?.copies ?? [:]).map {
                SnapshotSource.Copies(canonical: seal.seal($0.key), count: $0.value)
              })
          },
          aliases: group.scope.aliases.map {
            SnapshotSource.Alias(hash: seal.seal($0.key), canonical: seal.seal($0.value))
          },
          pending: group.pending.map {
            SnapshotSource.Pending(
              hash: seal.seal($0.key.hash.bits), tier: $0.key.tier, count: UInt32($0.value))
          })
      },
      orphans: orphans.stores.map { store in
        SnapshotSource.Orphan(
          parent: seal.seal(store.parent.bits), group: store.group, tier: store.tier,
          hashes: store.hashes.map { seal.seal($0.bits) }, locals: store.locals)
      })
  }

  /// What a snapshot says of a source, without lanes.
  init(_ source: SnapshotSource, seal: HashSeal) {
    self.init(
      endpoint: source.endpoint, model: source.model, rank: source.rank,
      duplicates: source.duplicates, incarnation: source.incarnation, damage: source.damage,
      mismatch: source.mismatch, stream: source.stream, groups: [], orphans: Orphanage())
    groups = source.groups.map { saved in
      var group = CacheGroup(number: saved.number, duplicates: source.duplicates)
      group.spec = saved.spec
      group.blockSize = saved.blockSize
      for alias in saved.aliases {
        group.scope.aliases[seal.open(alias.hash)] = seal.open(alias.canonical)
      }
      for pending in saved.pending {
        let block = CacheGroup.PendingBlock(
          hash: EngineHash(seal.open(pending.hash)), tier: pending.tier)
        group.pending[block] = Int(pending.count)
      }
      return group
    }
    for orphan in source.orphans {
      _ = orphans.park(
        Orphanage.Store(
          parent: EngineHash(seal.open(orphan.parent)), group: orphan.group, tier: orphan.tier,
          hashes: orphan.hashes.map { EngineHash(seal.open($0)) }, locals: orphan.locals))
    }
  }
}
