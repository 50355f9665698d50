extension FleetIndex {
  /// Applies a batch whose blocks `BlockHasher.prepare` has hashed.
  ///
  /// Blocks that can't be placed are parked, counted, or declared in the source's trust; nothing is
  /// dropped silently. A batch of another incarnation than the source's is dropped and counted.
  ///
  /// - Parameters:
  ///   - events: The slice to apply; nil: the whole batch. Slices of a batch come in order.
  ///   - now: Monotonic nanoseconds.
  /// - Returns: Whether the batch emptied the whole cache. Its history is then known again, whatever
  ///   was missed before: the caller tells the sequence tracker (`historyCleared`).
  @discardableResult
  public mutating func apply(
    _ batch: borrowing EventBatch, events: Range<Int>? = nil, from id: SourceID,
    incarnation: Incarnation, now: UInt64
  ) -> Bool {
    guard let source = source(id) else { return false }
    guard source.incarnation == incarnation else {
      source.counters.fencedBatches += 1
      return false
    }
    index.note(CoarseTime(nanoseconds: now))
    let before = source.counters
    if source.finding == .silent, !batch.events.isEmpty { source.finding = nil }
    let slice = events ?? batch.events.indices
    prefetch(batch, slice)
    for event in batch.events[slice] {
      switch event.kind {
      case .stored: store(event, batch, source)
      case .removed: remove(event, batch, source)
      case .cleared: applyClear(source)
      }
    }
    // After a clear, too: what was skipped may have come behind it.
    if batch.skippedEvents > 0 { source.damage(.undecodable) }
    keepBudget()
    if !source.isOutlined { outline(source) }
    if source.counters.storedBlocks > before.storedBlocks {
      confirmReservations(of: source, now: now)
    }
    return source.counters.clearedEvents > before.clearedEvents
  }

  /// Starts loading what the events will look up, all at once: lookups wait for memory.
  private func prefetch(_ batch: borrowing EventBatch, _ slice: Range<Int>) {
    for number in slice {
      let hashes = batch.events[number].hashes
      if let parent = batch.events[number].parent { index.prefetch(parent) }
      if !hashes.isEmpty { index.prefetch(batch.hashes[hashes.lowerBound]) }
    }
  }

  private mutating func applyClear(_ source: Source) {
    source.counters.clearedEvents += 1
    empty(source.id)
  }

  private mutating func keepBudget() {
    guard index.liveBytes > index.byteBudget else { return }
    for (lane, blocks) in index.evict(to: index.byteBudget - index.byteBudget / 32) {
      guard let owner = owners[lane.index] else { continue }
      owner.counters.evictedBlocks += blocks
      owner.damage(.budget)
      outline(owner)
    }
  }
}
