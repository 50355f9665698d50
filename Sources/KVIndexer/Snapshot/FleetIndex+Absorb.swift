/// One index that goes on from several snapshots, each with sources of its own.
extension FleetIndex {
  /// Takes over the sources that wait in another index under the same hash key, and their blocks.
  ///
  /// - Throws: `SnapshotError.overBudget`; this index is of no use then.
  /// - Complexity: that of storing the blocks anew.
  package mutating func absorb(_ other: borrowing FleetIndex) throws(SnapshotError) {
    precondition(hasher.seed == other.hasher.seed, "block keys mean the same in both")
    var absorption = Absorption(
      roots: [.root(BlockKey(0))]
        + other.namespaceTable.rows.map { .root(BlockKey($0.id), in: number(of: $0.namespace)) },
      columns: Array(repeating: nil, count: other.index.lanes.count))
    let first = parked.count
    for state in other.parked { parked.append(makeLanes(for: state, in: &absorption)) }
    try index.absorb(other.index, &absorption)
    var translations = absorption.translations[...]
    for (state, theirs) in zip(first..<parked.count, other.parked) {
      for group in parked[state].groups.indices {
        guard var translation = translations.popFirst() else { continue }
        translation.nameAll(heldBy: theirs.groups[group], in: other.index)
        parked[state].groups[group].scope = translation.scope
        for (tier, lane) in theirs.groups[group].lanes.all {
          guard let mine = parked[state].groups[group].lanes[tier] else { continue }
          let copies = other.index.copies(of: lane).map { (translation.canonical($0), $1) }
          let areHeld = index.restoreCopies(
            Dictionary(copies, uniquingKeysWith: { $0 + $1 }), of: mine)
          precondition(areHeld, "a lane holds what it has copies of")
        }
      }
    }
  }

  /// The state with lanes of this index.
  private mutating func makeLanes(
    for state: SourceState, in absorption: inout Absorption
  ) -> SourceState {
    var state = state
    for group in state.groups.indices {
      let theirs = state.groups[group].lanes
      state.groups[group].lanes = LaneSet()
      for (tier, lane) in theirs.all {
        absorption.columns[lane.index] = Absorption.Column(
          lane: addLane(tier, to: &state.groups[group]),
          translation: absorption.translations.count)
      }
      absorption.translations.append(HashTranslation(of: state.groups[group].scope))
    }
    return state
  }
}

/// What becomes of the other index's lanes, namespaces and hashes.
struct Absorption {
  struct Column {
    /// In the index that takes over.
    var lane: LaneID
    var translation: Int
  }

  /// By number of the namespace in the other index.
  let roots: [BlockParent]
  /// By lane of the other index.
  var columns: [Column?]
  /// One a cache group.
  var translations: [HashTranslation] = []
}

/// An engine's hashes on their way from one index, where a block has one canonical hash, to another,
/// where it may have another one.
struct HashTranslation {
  private let old: HashScope
  /// One of the engine's own hashes by canonical hash, where they differ.
  private let names: [UInt64: UInt64]
  var scope: HashScope

  init(of scope: HashScope) {
    old = scope
    names = Dictionary(
      scope.aliases.map { ($0.value, $0.key) }, uniquingKeysWith: { min($0, $1) })
    self.scope = HashScope(duplicates: scope.duplicates)
  }

  /// What the engine calls the block.
  func name(_ canonical: UInt64) -> EngineHash { EngineHash(names[canonical] ?? canonical) }

  /// What the new index calls a block that is stored there.
  func canonical(_ old: UInt64) -> UInt64 { scope.canonical(name(old)) }

  /// Takes over the further hashes of blocks that the engine has several for.
  mutating func nameAll(heldBy group: CacheGroup, in index: borrowing PrefixIndex) {
    for (hash, canonical) in old.aliases
    where index.find(EngineHash(hash), scope: old, lanes: group.lanes) != nil {
      let new = self.canonical(canonical)
      set(hash, new)
      if old.aliases[canonical] == nil { set(canonical, new) }
    }
  }

  private mutating func set(_ hash: UInt64, _ canonical: UInt64) {
    scope.aliases[hash] = hash == canonical ? nil : canonical
  }
}

extension PrefixIndex {
  /// Stores what the lanes of another index hold, run by run, parents first.
  mutating func absorb(
    _ other: borrowing PrefixIndex, _ absorption: inout Absorption
  ) throws(SnapshotError) {
    var path = GrowableBuffer<UInt64>(capacity: Self.runMax)
    var hashes = GrowableBuffer<EngineHash>(capacity: Self.runMax)
    for root in 0..<other.nodes.touched
    where other.length(root) > 0 && other.nodes.cold[Int(root)].parent == Self.none {
      var node = root
      while node != Self.none {
        guard liveBytes <= byteBudget else { throw .overBudget(bytes: byteBudget) }
        absorb(node, of: other, &absorption, &path, &hashes)
        node = other.successor(of: node)
      }
    }
  }

  private mutating func absorb(
    _ node: UInt32, of other: borrowing PrefixIndex, _ absorption: inout Absorption,
    _ path: inout GrowableBuffer<UInt64>, _ hashes: inout GrowableBuffer<EngineHash>
  ) {
    let cold = other.nodes.cold[Int(node)]
    let (depth, length) = (Int(cold.depth), other.length(node))
    path.setCount(depth)
    path.reserve(length)
    for offset in 0..<length { path.appendReserved(other.key(node, offset)) }
    hashes.setCount(0)
    hashes.reserve(depth + length)
    let parent = absorption.roots[Int(cold.namespace.number)]
    for holder in other.allHolders(node) {
      guard let column = absorption.columns[holder.lane] else { continue }
      for range in other.stretches(of: holder.coverage) {
        for offset in range {
          let canonical = other.granules.hashes[other.block(node, offset)]
          hashes.pointer(at: depth + offset).pointee =
            absorption.translations[column.translation].name(canonical)
        }
        store(
          column.lane, scope: &absorption.translations[column.translation].scope, parent: parent,
          keys: path.pointer(at: 0), hashes: hashes.pointer(at: 0),
          count: depth + range.upperBound, skipping: depth + range.lowerBound)
      }
    }
  }

  /// What is held of a node, without the holes.
  private func stretches(of coverage: Coverage) -> [Range<Int>] {
    switch coverage {
    case .nothing: return []
    case .cut(let length): return [0..<length]
    case .map(let handle):
      var stretches: [Range<Int>] = []
      while let run = nextRun(handle, from: stretches.last?.upperBound ?? 0) {
        stretches.append(run)
      }
      return stretches
    }
  }

  /// The next run of the tree in an order that comes to parents first; none at its end.
  private func successor(of node: UInt32) -> UInt32 {
    let cold = nodes.cold
    if cold[Int(node)].firstChild != Self.none { return cold[Int(node)].firstChild }
    var node = node
    while node != Self.none, cold[Int(node)].nextSibling == Self.none {
      node = cold[Int(node)].parent
    }
    return node == Self.none ? node : cold[Int(node)].nextSibling
  }
}
