import KVIndexer

extension Ingest {
  /// Drops what a source was known to hold, and tells whoever vouched for its empty cache.
  func apply(
    _ reset: CacheReset, _ fence: SequenceTracker.Record.Message, to source: SourceID,
    _ incarnation: Incarnation
  ) {
    let dropped =
      switch reset.kind {
      case .clear: fleet.write { $0.empty(source) }
      case .incarnation:
        drop(source) + fleet.write { $0.beginIncarnation(incarnation, of: source) }
      }
    fleet.write { $0.noteFence(fence, of: source, incarnation: incarnation) }
    reset.end(.done(droppedBlocks: dropped, incarnation))
  }
}
