import KVIndexer

/// What an index begins with: what a sibling or the last process knew, or nothing.
enum WarmStart {
  /// The index to begin with; whatever can't be used is logged, and costs a cold start at worst.
  static func fleet(
    _ configuration: ServiceConfiguration, hasher: BlockHasher, directory: StateDirectory?
  ) -> FleetIndex {
    var all: [FoundSnapshot] = []
    if let peer = PeerSnapshots.first(of: configuration.warm.peers, configuration.log) {
      all.append(peer)
    }
    if let directory, let saved = saved(in: directory, configuration.log) { all.append(saved) }
    for found in preferred(all) {
      do throws(SnapshotError) {
        let fleet = try FleetIndex.restored(
          from: found.image, hasher: hasher, byteBudget: configuration.memoryBudget,
          now: MonotonicClock.nowNanoseconds())
        configuration.log(
          .info,
          "\(found.origin): \(found.image.totals.residencies) residencies of "
            + "\(fleet.parkedSources) sources; each counts once its engine has proved that it is "
            + "the same process")
        return fleet
      } catch {
        configuration.log(.error, "\(found.origin) is not used: \(error)")
      }
    }
    return FleetIndex(hasher: hasher, byteBudget: configuration.memoryBudget)
  }

  private static func saved(in directory: StateDirectory, _ log: Log) -> FoundSnapshot? {
    let path = directory.snapshotPath
    do {
      guard let bytes = try directory.snapshot() else { return nil }
      return FoundSnapshot(origin: path, image: try SnapshotImage(bytes))
    } catch {
      log(.error, "\(path) is not used, the index starts empty: \(error)")
      return nil
    }
  }

  /// The most recent first: the one that is ahead in more sources than it is behind; of equals the
  /// first.
  static func preferred(_ found: [FoundSnapshot]) -> [FoundSnapshot] {
    guard found.count == 2 else { return found }
    return found[0].lead(over: found[1]) >= 0 ? found : [found[1], found[0]]
  }
}

/// A snapshot, and where it comes from.
struct FoundSnapshot {
  var origin: String
  var image: SnapshotImage

  /// In how many more sources this one has applied more than `other` than the other way round.
  func lead(over other: FoundSnapshot) -> Int {
    let mine = watermarks
    let theirs = other.watermarks
    return Set(mine.keys).union(theirs.keys).reduce(0) { lead, source in
      let (own, foreign) = (mine[source] ?? 0, theirs[source] ?? 0)
      return lead + (own > foreign ? 1 : own < foreign ? -1 : 0)
    }
  }

  private struct Name: Hashable {
    var endpoint: String
    var model: String
    var rank: Int
  }

  private var watermarks: [Name: UInt64] {
    Dictionary(
      image.sources.compactMap { source in
        source.stream.map {
          (Name(endpoint: source.endpoint, model: source.model, rank: source.rank), $0.next)
        }
      }, uniquingKeysWith: max)
  }
}
