extension FleetIndex {
  /// Takes note that all of an engine's snapshot is applied: what the source holds is what the engine
  /// caches.
  ///
  /// - Parameter last: The last message that the snapshot contains, by which the stream is followed.
  public mutating func noteSnapshot(
    upTo last: SequenceTracker.Record.Message, of id: SourceID, incarnation: Incarnation
  ) {
    guard let source = source(id), source.incarnation == incarnation else { return }
    source.tally.settle()
    applied[id] = SequenceTracker.Record(delivered: [last], history: .complete)
      .map { AppliedStream($0) }
  }
}
