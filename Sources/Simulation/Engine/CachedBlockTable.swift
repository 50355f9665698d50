/// Finds the first physical copy of a block hash: a fixed open-addressing table.
///
///     slots   [ hash | first ][ hash | first ][ –– | 0 ][ hash | first ] …   power of two
///
/// A slot with `first == 0` is empty: block 0 is the null block and is never cached. Engine hashes
/// are uniform, so their low bits choose the slot; collisions probe linearly, and a removal shifts
/// the rest of its cluster back instead of leaving a tombstone, so that lookups never slow down
/// under churn. A pool holds at most one distinct hash a block, hence the table never grows.
struct CachedBlockTable {
  private struct Slot {
    var hash: UInt64 = 0
    var first: BlockID = 0
  }

  private var slots: [Slot]
  private let mask: Int
  private(set) var count = 0

  /// Makes room for `hashesMax` distinct hashes at a load factor of at most one half.
  init(hashesMax: Int) {
    var capacity = 4
    while capacity < 2 * hashesMax { capacity *= 2 }
    slots = [Slot](repeating: Slot(), count: capacity)
    mask = capacity - 1
  }

  /// The first copy of `hash`; nil when no block holds it.
  func first(of hash: UInt64) -> BlockID? {
    let slot = slots[position(of: hash)]
    return slot.first == 0 ? nil : slot.first
  }

  /// Makes `block` the first copy of `hash`, whether or not the hash was known.
  mutating func setFirst(_ block: BlockID, of hash: UInt64) {
    precondition(block != 0, "the null block is never cached")
    let position = position(of: hash)
    if slots[position].first == 0 {
      precondition(2 * count < slots.count, "\(count) hashes in \(slots.count) slots")
      count += 1
    }
    slots[position] = Slot(hash: hash, first: block)
  }

  /// Forgets `hash`, which must be known.
  mutating func remove(_ hash: UInt64) {
    var hole = position(of: hash)
    precondition(slots[hole].first != 0, "hash \(hash) is not in the table")
    var next = (hole + 1) & mask
    while slots[next].first != 0 {
      let fromHome = (next - home(of: slots[next].hash)) & mask
      if fromHome >= (next - hole) & mask {
        slots[hole] = slots[next]
        hole = next
      }
      next = (next + 1) & mask
    }
    slots[hole] = Slot()
    count -= 1
  }

  mutating func removeAll() {
    for index in slots.indices { slots[index] = Slot() }
    count = 0
  }

  private func home(of hash: UInt64) -> Int {
    Int(truncatingIfNeeded: hash) & mask
  }

  /// The slot of `hash`, or the empty slot where it belongs.
  private func position(of hash: UInt64) -> Int {
    var position = home(of: hash)
    while slots[position].first != 0 && slots[position].hash != hash {
      position = (position + 1) & mask
    }
    return position
  }
}
