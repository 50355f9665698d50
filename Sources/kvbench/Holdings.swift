/// Who holds which block, by brute force: what answers are compared with.
struct Holdings {
  private var keysOfLane: [Set<UInt64>]

  init(lanes: Int) { keysOfLane = Array(repeating: [], count: lanes) }

  /// What a forest stores, as far as `queries` ask for it.
  init(_ forest: Forest, for queries: [[UInt64]]) {
    self.init(lanes: forest.shape.lanes)
    let asked = Set(queries.joined())
    for store in forest.stores {
      for key in forest.chains[store.chain].keys[store.range] where asked.contains(key) {
        keysOfLane[store.lane].insert(key)
      }
    }
  }

  mutating func insert(_ keys: some Sequence<UInt64>, lane: Int) {
    keysOfLane[lane].formUnion(keys)
  }

  mutating func remove(_ key: UInt64, lane: Int) { keysOfLane[lane].remove(key) }

  /// Blocks of `keys` that `lane` holds, contiguous from the first.
  func leadingBlocks(of keys: [UInt64], lane: Int) -> Int {
    keys.firstIndex { !keysOfLane[lane].contains($0) } ?? keys.count
  }
}
