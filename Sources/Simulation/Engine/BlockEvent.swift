package import KVIndexer

/// One change of an engine's prefix cache, as a value that no encoding has touched yet.
package enum BlockEvent: Sendable, Equatable {
  /// Blocks became reusable.
  case stored(StoredRun)
  /// One physical copy of a block is gone; other copies of the same hash may remain.
  case removed(UInt64)
  /// The whole cache was emptied.
  case cleared
}

/// A run of consecutive blocks of one request that were cached in the same scheduler step.
package struct StoredRun: Sendable, Equatable {
  /// One engine hash a block, in the order of the tokens.
  package var hashes: [UInt64]
  /// The hash of the block before the first one; nil when the first block starts the prompt.
  package var parent: UInt64?
  /// All tokens of the run, shape `[hashes.count × blockSize]`.
  package var tokens: [TokenID]
  /// Tokens a block.
  package var blockSize: Int
  /// The adapter that computed the blocks; nil for the base model.
  package var adapter: LoRAAdapter?
  /// What distinguishes a block besides its tokens, one entry a block.
  ///
  /// The adapter's name in every block, then the cache salt in block 0; nil when there is neither.
  package var extraKeys: [[String]?]
}

/// A LoRA adapter as an engine knows it.
package struct LoRAAdapter: Sendable, Hashable {
  package var name: String
  /// The engine's load-order number, from 1.
  package var id: Int

  package init(name: String, id: Int) {
    self.name = name
    self.id = id
  }
}
