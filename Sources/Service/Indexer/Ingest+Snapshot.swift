import KVIndexer

extension Ingest {
  /// Drops what a source was known to hold, and learns what its engine says that it caches.
  ///
  /// Nothing of that is credited before the stream's state, which follows behind what came after the
  /// snapshot, says so.
  func apply(
    _ snapshot: CacheSnapshot, upTo last: SequenceTracker.Record.Message, _ source: SourceID,
    _ incarnation: Incarnation
  ) {
    let dropped = drop(source) + fleet.write { $0.beginIncarnation(incarnation, of: source) }
    for payload in snapshot.payloads {
      do throws(EventDecodingError) {
        try decode(payload)
      } catch {
        // `ReplaySocketSnapshot` has decoded every payload before.
        preconditionFailure("a part of a snapshot can't be decoded: \(error)")
      }
      applyBatch(of: source, incarnation, as: nil)
    }
    let known = fleet.write {
      $0.noteSnapshot(upTo: last, of: source, incarnation: incarnation)
      return $0.audited(source)?.knownBlocks ?? 0
    }
    log.say(
      .info, of: source,
      "the engine told what it caches as of message \(last.sequence): \(known) blocks, in place of "
        + "\(dropped) that were known")
  }
}
