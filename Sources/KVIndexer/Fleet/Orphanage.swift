/// Stores whose parent block is unknown, kept until it appears.
///
/// A late joiner sees deep blocks before their roots. Their keys can't be computed without the
/// parent's, so what is kept are the blocks' local hashes, not their tokens. When the bound is
/// reached the oldest store is dropped: its blocks are then missing, which the caller declares.
struct Orphanage {
  struct Store {
    var parent: EngineHash
    var group: Int
    var tier: Tier
    var hashes: [EngineHash]
    var locals: [UInt64]
    var arrival: UInt64 = 0

    /// The blocks behind one of the store's, which wait for that one.
    func rest(behind position: Int) -> Store {
      var rest = self
      rest.parent = hashes[position]
      rest.hashes = Array(hashes[(position + 1)...])
      rest.locals = Array(locals[(position + 1)...])
      return rest
    }
  }

  static let blocksMax = 65_536

  /// Hashes have a meaning within their group only.
  private struct Parent: Hashable {
    var hash: EngineHash
    var group: Int
  }

  private struct Block: Hashable {
    var hash: EngineHash
    var group: Int
    var tier: Tier
  }

  private var byParent: [Parent: [Store]] = [:]
  /// What each copy of a parked block's store waits for, so that a removal need not search.
  private var parents: [Block: [Parent]] = [:]
  private var arrivals: UInt64 = 0
  private(set) var blocks = 0

  var isEmpty: Bool { byParent.isEmpty }

  /// Keeps `store`; returns how many blocks were dropped for it.
  mutating func park(_ store: Store) -> Int {
    var dropped = 0
    while blocks + store.hashes.count > Self.blocksMax, let oldest = oldestParent() {
      dropped += take(oldest).reduce(0) { $0 + $1.hashes.count }
    }
    guard blocks + store.hashes.count <= Self.blocksMax else {
      return dropped + store.hashes.count
    }
    var kept = store
    kept.arrival = arrivals
    arrivals += 1
    insert(kept)
    return dropped
  }

  private mutating func insert(_ store: Store) {
    let parent = Parent(hash: store.parent, group: store.group)
    for hash in store.hashes {
      parents[Block(hash: hash, group: store.group, tier: store.tier), default: []].append(parent)
    }
    byParent[parent, default: []].append(store)
    blocks += store.hashes.count
  }

  private func oldestParent() -> Parent? {
    byParent.min { ($0.value.first?.arrival ?? 0) < ($1.value.first?.arrival ?? 0) }?.key
  }

  /// Takes out every store of `group` that waits for `parent`.
  mutating func take(waitingFor parent: EngineHash, group: Int) -> [Store] {
    take(Parent(hash: parent, group: group))
  }

  private mutating func take(_ parent: Parent) -> [Store] {
    guard let stores = byParent.removeValue(forKey: parent) else { return [] }
    for store in stores {
      forget(store.hashes[...], group: store.group, tier: store.tier, waitingFor: parent)
    }
    return stores
  }

  /// Takes blocks of a store out of `parents`.
  private mutating func forget(
    _ hashes: ArraySlice<EngineHash>, group: Int, tier: Tier, waitingFor parent: Parent
  ) {
    for hash in hashes {
      let block = Block(hash: hash, group: group, tier: tier)
      guard var copies = parents.removeValue(forKey: block) else { continue }
      if let copy = copies.lastIndex(of: parent) { copies.remove(at: copy) }
      if !copies.isEmpty { parents[block] = copies }
    }
    blocks -= hashes.count
  }

  /// Forgets one copy of a parked block; what was parked behind it waits for it from now on.
  ///
  /// - Returns: Whether such a block was parked.
  /// - Complexity: O(blocks behind it in its store): engines evict from the end.
  mutating func remove(_ hash: EngineHash, group: Int, tier: Tier) -> Bool {
    guard let parent = parents[Block(hash: hash, group: group, tier: tier)]?.last,
      var stores = byParent.removeValue(forKey: parent)
    else { return false }
    for index in stores.indices where stores[index].tier == tier {
      guard let position = stores[index].hashes.lastIndex(of: hash) else { continue }
      let rest = stores[index].rest(behind: position)
      forget(stores[index].hashes[position...], group: group, tier: tier, waitingFor: parent)
      if position == 0 {
        stores.remove(at: index)
      } else {
        stores[index].hashes.removeSubrange(position...)
        stores[index].locals.removeSubrange(position...)
      }
      if !stores.isEmpty { byParent[parent] = stores }
      if !rest.hashes.isEmpty { insert(rest) }
      return true
    }
    byParent[parent] = stores
    return false
  }

  /// Everything that is kept, the oldest first.
  var stores: [Store] { byParent.values.flatMap { $0 }.sorted { $0.arrival < $1.arrival } }

  /// Forgets everything.
  mutating func removeAll() { self = Orphanage() }
}
