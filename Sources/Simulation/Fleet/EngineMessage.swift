import KVIndexer

/// What a block engine publishes at a time.
struct EngineMessage: Sendable {
  /// Engine hashes of copies that are gone.
  var removed: [UInt64]
  /// Blocks that became reusable: a range of the trace's ids.
  var stored: Range<Int>
  /// The block before the first stored one.
  var parent: TokenID?
}

extension EventBatch {
  /// Replaces what the batch holds by a message's events, as a decoder would give them.
  ///
  /// A block of the trace becomes a block of one token, which is its number.
  mutating func fill(_ message: EngineMessage, ids: [TokenID]) {
    removeAll()
    if !message.removed.isEmpty {
      var event = KVEvent(kind: .removed)
      event.hashes = hashes.count..<hashes.count + message.removed.count
      for hash in message.removed { hashes.append(EngineHash(hash)) }
      events.append(event)
    }
    if !message.stored.isEmpty {
      var event = KVEvent(kind: .stored)
      event.hashes = hashes.count..<hashes.count + message.stored.count
      event.tokens = tokens.count..<tokens.count + message.stored.count
      event.parent = message.parent.map { EngineHash(BlockName.hash($0)) }
      event.blockSize = 1
      for position in message.stored {
        let id = ids[position]
        hashes.append(EngineHash(BlockName.hash(id)))
        tokens.append(id)
      }
      events.append(event)
    }
  }
}

/// What a block of a trace is called outside of it.
enum BlockName {
  /// An engine's hash of a block: the same one in all engines, as vLLM's default is.
  @inline(__always)
  static func hash(_ id: TokenID) -> UInt64 { SplitMix64.mix(UInt64(id)) }
}
