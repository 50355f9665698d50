package import KVIndexer

/// Something that happened to a source, in the order in which it is to be applied.
package struct Delivery: Sendable, Equatable {
  package enum Content: Sendable, Equatable {
    /// One message of the engine; `receivedAtNanoseconds` is of the monotonic clock.
    case batch(sequence: UInt64, payload: [UInt8], receivedAtNanoseconds: UInt64)
    /// Everything known of the source is void.
    case newIncarnation(IncarnationCause)
    /// Everything known of the source is void, and this is what its engine caches, everything up to
    /// that message included. It belongs to a new incarnation.
    case snapshot(CacheSnapshot, upTo: SequenceTracker.Record.Message)
    case state(TrackerState)
    /// Everything known of the source is void, because somebody vouches for an empty cache; the
    /// fence is the last message from before that.
    case reset(CacheReset, fence: SequenceTracker.Record.Message)
    /// The source is removed: nothing of it follows.
    case removed
  }

  package var source: SourceID
  /// Counts up with every `.newIncarnation` and `.snapshot`, which carry the new number already.
  package var incarnation: Incarnation
  package var content: Content

  package init(source: SourceID, incarnation: Incarnation, content: Content) {
    self.source = source
    self.incarnation = incarnation
    self.content = content
  }

  /// Bytes of all payloads; nil for what has none.
  var byteCount: Int? {
    if case .snapshot(let snapshot, _) = content { return snapshot.byteCount }
    return batchByteCount
  }

  /// Bytes of the payload; nil for what is not a batch and must never be refused.
  package var batchByteCount: Int? {
    guard case .batch(_, let payload, _) = content else { return nil }
    return payload.count
  }
}
