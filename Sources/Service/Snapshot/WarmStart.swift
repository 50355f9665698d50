import KVIndexer

/// What an index begins with: what siblings and the last process knew, or nothing.
///
/// Of several snapshots each source is taken from the one that knows it best (`SnapshotChoice`). A
/// snapshot that proves damaged on the way is left out, and the others are chosen from anew.
struct WarmStart {
  private struct Candidate {
    let file: SnapshotFile
    let sources: [SnapshotSource]
  }

  private let hasher: BlockHasher
  private let byteBudget: Int
  private let log: Log

  /// The index to begin with; whatever can't be used is logged, and costs a cold start at worst.
  static func fleet(
    _ configuration: ServiceConfiguration, hasher: BlockHasher, directory: StateDirectory?
  ) -> FleetIndex {
    let start = WarmStart(
      hasher: hasher, byteBudget: configuration.memoryBudget, log: configuration.log)
    var candidates: [Candidate] = []
    if let saved = start.saved(in: directory) { candidates.append(saved) }
    candidates += configuration.warm.peers.compactMap { start.fetched(from: $0) }
    return start.fleet(of: candidates)
  }

  private func saved(in directory: StateDirectory?) -> Candidate? {
    guard let directory else { return nil }
    do {
      return try directory.snapshot().map { try candidate($0) }
    } catch {
      log(.error, "\(directory.snapshotPath) is not used: \(error)")
      return nil
    }
  }

  private func fetched(from peer: PeerConfiguration) -> Candidate? {
    do {
      return try candidate(PeerSnapshots.fetch(peer))
    } catch {
      log(.warning, "\(peer.server): no snapshot from this peer: \(error)")
      return nil
    }
  }

  private func candidate(_ file: SnapshotFile) throws(SnapshotError) -> Candidate {
    let reader = try file.reader()
    guard reader.isOf(hasher) else { throw .otherKey }
    return Candidate(file: file, sources: reader.sources)
  }

  // MARK: Restoring

  private func fleet(of given: [Candidate]) -> FleetIndex {
    var candidates = given
    while true {
      var failed: Int?
      let fleet = restored(from: candidates, &failed)
      guard let failed else { return fleet }
      candidates.remove(at: failed)
    }
  }

  /// - Parameter failed: Which of them can't be used; the index is of no use then.
  private func restored(from candidates: [Candidate], _ failed: inout Int?) -> FleetIndex {
    let shares = SnapshotChoice.best(of: candidates.map(\.sources))
    let sizes = zip(candidates, shares).map { candidate, share in
      candidate.sources.reduce(0) { $0 + (share.contains($1.name) ? $1.residencies : 0) }
    }
    var fleet = FleetIndex(hasher: hasher, byteBudget: byteBudget)
    // The largest is the fast one: it is put into an empty index.
    let order = candidates.indices.sorted { sizes[$0] > sizes[$1] }
    for number in order where !shares[number].isEmpty {
      let (file, share) = (candidates[number].file, shares[number])
      do throws(SnapshotError) {
        let restored = try FleetIndex.restored(
          from: file.reader(), taking: { share.contains($0.name) }, hasher: hasher,
          byteBudget: byteBudget, now: MonotonicClock.nowNanoseconds())
        if fleet.parkedSources == 0 { fleet = restored } else { try fleet.absorb(restored) }
      } catch {
        log(.error, "\(file.origin) is not used: \(error)")
        failed = number
        return fleet
      }
    }
    for number in order where !shares[number].isEmpty {
      log(
        .info,
        "\(candidates[number].file.origin): \(sizes[number]) residencies of "
          + "\(shares[number].count) sources; each counts once its engine has proved that it is the "
          + "same process")
    }
    return fleet
  }
}
