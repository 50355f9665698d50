package import KVIndexer

/// What an engine publishes in one message: the events of a scheduler step.
package struct EngineBatch: Equatable, Sendable {
  /// Seconds since 1970 on the engine's clock.
  package var timestamp: Double
  package var events: [EngineEvent]
  /// Not sent by the first generation.
  package var dataParallelRank: Int?

  package init(timestamp: Double, events: [EngineEvent], dataParallelRank: Int? = 0) {
    self.timestamp = timestamp
    self.events = events
    self.dataParallelRank = dataParallelRank
  }
}

/// An event as its engine means it, with every field that any generation can carry.
package enum EngineEvent: Equatable, Sendable {
  case stored(StoredBlocks)
  case removed(RemovedBlocks)
  case cleared
}

/// The fields of BlockStored; those that a generation does not know are left out of its messages.
package struct StoredBlocks: Equatable, Sendable {
  package var hashes: [EngineBlockHash]
  package var parent: EngineBlockHash?
  package var tokens: [TokenID]
  package var blockSize: Int
  package var loraID: Int?
  package var medium: String? = "GPU"
  package var loraName: String?
  /// One element a block.
  package var extraKeys: [[ExtraKey]?]?
  package var group: Int?
  package var specKind: String?
  /// Tokens.
  package var slidingWindow: Int?
  package var locality: String?
  package var ownership: String?
  package var sessionID: String?

  package init(
    hashes: [EngineBlockHash], parent: EngineBlockHash?, tokens: [TokenID], blockSize: Int
  ) {
    self.hashes = hashes
    self.parent = parent
    self.tokens = tokens
    self.blockSize = blockSize
  }
}

/// The fields of BlockRemoved.
package struct RemovedBlocks: Equatable, Sendable {
  package var hashes: [EngineBlockHash]
  package var medium: String? = "GPU"
  package var group: Int?
  package var locality: String?
  package var ownership: String?

  package init(hashes: [EngineBlockHash]) { self.hashes = hashes }
}

/// A block hash as an engine writes it.
package enum EngineBlockHash: Hashable, Sendable {
  /// The low 64 bits of the digest, the default of vLLM.
  case integer(UInt64)
  /// The whole digest.
  case bytes([UInt8])
}

/// An entry of `extra_keys`: an adapter name or a cache salt is text, an image a list of its
/// identifier and its offset, prompt embeddings are the bytes of a digest.
package enum ExtraKey: Equatable, Sendable {
  case text(String)
  case bytes([UInt8])
  case integer(Int64)
  case list([ExtraKey])
}
