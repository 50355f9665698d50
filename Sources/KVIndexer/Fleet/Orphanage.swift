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
  }

  static let blocksMax = 65_536

  /// Hashes have a meaning within their group only.
  private struct Parent: Hashable {
    var hash: EngineHash
    var group: Int
  }

  private var byParent: [Parent: [Store]] = [:]
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
    blocks += store.hashes.count
    byParent[Parent(hash: store.parent, group: store.group), default: []].append(kept)
    return dropped
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
    blocks -= stores.reduce(0) { $0 + $1.hashes.count }
    return stores
  }

  /// Forgets one copy of a parked block; what was parked behind it waits for it from now on.
  ///
  /// - Returns: Whether such a block was parked.
  mutating func remove(_ hash: EngineHash, group: Int, tier: Tier) -> Bool {
    for (parent, stores) in byParent {
      for (index, store) in stores.enumerated()
      where store.group == group && store.tier == tier {
        guard let position = store.hashes.firstIndex(of: hash) else { continue }
        byParent[parent]?.remove(at: index)
        if byParent[parent]?.isEmpty == true { byParent[parent] = nil }
        blocks -= store.hashes.count
        restore(store, 0..<position)
        restore(store, position + 1..<store.hashes.count)
        return true
      }
    }
    return false
  }

  private mutating func restore(_ store: Store, _ range: Range<Int>) {
    guard !range.isEmpty else { return }
    var part = store
    if range.lowerBound > 0 { part.parent = store.hashes[range.lowerBound - 1] }
    part.hashes = Array(store.hashes[range])
    part.locals = Array(store.locals[range])
    byParent[Parent(hash: part.parent, group: part.group), default: []].append(part)
    blocks += range.count
  }

  /// Forgets everything.
  mutating func removeAll() { self = Orphanage() }
}
