/// Which of several snapshots knows each source best.
///
/// One that has the latest of the resets that somebody vouched for goes first: in any other one the
/// blocks of before may still be there. Then one that has missed nothing, then the one that has
/// applied more; of equals the first. If the engine has restarted, an old snapshot may be ahead of
/// a young one: then the engine's ring disproves it, and the source starts cold.
package enum SnapshotChoice {
  /// - Parameter snapshots: What each of them says of its sources.
  /// - Returns: What to take of each.
  package static func best(of snapshots: [[SnapshotSource]]) -> [Set<SnapshotSource.Name>] {
    var best: [SnapshotSource.Name: (snapshot: Int, worth: Worth)] = [:]
    for (number, sources) in snapshots.enumerated() {
      for source in sources {
        guard let worth = Worth(source) else { continue }
        if let known = best[source.name], !(known.worth < worth) { continue }
        best[source.name] = (number, worth)
      }
    }
    return snapshots.indices.map { number in
      Set(best.lazy.filter { $0.value.snapshot == number }.map(\.key))
    }
  }

  private struct Worth: Comparable {
    var resetBefore: UInt64
    var isWhole: Bool
    var next: UInt64

    /// Nil where nothing can prove that the engine is still the same.
    init?(_ source: SnapshotSource) {
      guard let stream = source.stream else { return nil }
      resetBefore = stream.fence.map { $0.sequence + 1 } ?? 0
      isWhole = stream.history == .complete && source.damage == nil
      next = stream.next
    }

    static func < (one: Worth, other: Worth) -> Bool {
      (one.resetBefore, one.isWhole ? 1 : 0, one.next)
        < (other.resetBefore, other.isWhole ? 1 : 0, other.next)
    }
  }
}
