import KVIndexer

/// How many blocks each source stored and lost lately: its counters, looked at now and then for
/// about a minute.
final class ChurnHistory: @unchecked Sendable {
  /// Blocks a second.
  struct Rates: Equatable {
    var stored: Double
    /// Evicted by the engine, or by us for the byte budget.
    var removed: Double
  }

  private struct Sample {
    var time: UInt64
    var stored: Int
    var removed: Int
  }

  static let intervalNanoseconds: UInt64 = 5_000_000_000
  /// With the interval: a minute.
  static let samplesMax = 13

  private let lock = Lock()
  private var samples: [SourceID: [Sample]] = [:]
  private var dueAt: UInt64 = 0

  /// Takes a sample of every source where one is due.
  ///
  /// - Parameter now: Monotonic nanoseconds.
  func keepTime(_ now: UInt64, _ fleet: SharedFleet) {
    let isDue = lock.withLock {
      guard now >= dueAt else { return false }
      dueAt = now + Self.intervalNanoseconds
      return true
    }
    guard isDue else { return }
    note(fleet.read { fleet in fleet.sourceIDs.map { ($0, fleet.counters(of: $0)) } }, at: now)
  }

  func note(_ counters: [(source: SourceID, counters: SourceCounters)], at now: UInt64) {
    lock.withLock {
      var kept: [SourceID: [Sample]] = [:]
      for (source, counters) in counters {
        let sample = Sample(
          time: now, stored: counters.storedBlocks,
          removed: counters.removedBlocks + counters.evictedBlocks)
        var history = samples[source] ?? []
        // Counters only grow: smaller ones are another source's, which took the id.
        if let last = history.last, last.stored > sample.stored || last.removed > sample.removed {
          history = []
        }
        history.append(sample)
        kept[source] = history.suffix(Self.samplesMax)
      }
      samples = kept
    }
  }

  /// What a source stored and lost a second; nil before it was looked at twice.
  func rates(of source: SourceID) -> Rates? {
    lock.withLock {
      guard let history = samples[source], let first = history.first, let last = history.last,
        last.time > first.time
      else { return nil }
      let seconds = Double(last.time - first.time) / 1e9
      return Rates(
        stored: Double(last.stored - first.stored) / seconds,
        removed: Double(last.removed - first.removed) / seconds)
    }
  }
}
