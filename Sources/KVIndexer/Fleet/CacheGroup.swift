/// One cache group of a source: layers that keep their blocks by the same rule.
struct CacheGroup {
  let number: Int
  var spec = CacheSpec(kind: .full)
  /// Tokens a block, learnt from the first event that says it.
  var blockSize: Int?
  var scope: HashScope
  /// One lane a tier, made when the tier is first used.
  var lanes = LaneSet()
  /// Stores whose block the full groups have not announced yet, with the number of copies.
  var pending: [PendingBlock: Int] = [:]

  /// A block of a window group, or of an offload tier, that is known by its hash only.
  struct PendingBlock: Hashable {
    var hash: EngineHash
    var tier: Tier
  }

  init(number: Int, duplicates: HashScope.DuplicateRule) {
    self.number = number
    scope = HashScope(duplicates: duplicates)
  }

  /// Whether matches need the path to judge `tier`: only full attention on the first tier does not.
  func needsPath(_ tier: Tier) -> Bool { tier != .gpu || spec.kind != .full }

  /// Whether a tier below the first one holds blocks.
  func hasLowerTiers(in index: borrowing PrefixIndex) -> Bool {
    for (tier, lane) in lanes.all where tier != .gpu {
      if index.blocks(of: lane) > 0 { return true }
    }
    return false
  }

  /// Takes back a store that waits for its block's place; false when there is none.
  mutating func removePending(_ hash: EngineHash, tier: Tier) -> Bool {
    let block = PendingBlock(hash: hash, tier: tier)
    guard let copies = pending[block] else { return false }
    pending[block] = copies == 1 ? nil : copies - 1
    return true
  }

  /// Blocks before the boundary that must be there for a hit; nil: all of them.
  func windowBlocks(blockSize: Int) -> Int? {
    switch spec.kind {
    case .full, .unknown: return nil
    case .slidingWindow:
      // The token at the boundary looks back over window − 1 earlier ones.
      return max((max((spec.window ?? 1) - 1, 1) + blockSize - 1) / blockSize, 1)
    case .stateSpace: return 1
    }
  }
}
