package import KVIndexer

/// The fleet index behind its lock: one writer at a time, or any number of readers.
///
/// Writers hold the lock for one slice of a batch, so a match waits for microseconds at most.
/// (Optimistic readers were no faster in measurements, and worse under a flood of events.)
package final class SharedFleet: @unchecked Sendable {
  private let lock = ReadWriteLock()
  private var fleet: FleetIndex
  /// The hasher of the index, which needs no lock.
  package let hasher: BlockHasher

  package init(_ fleet: consuming FleetIndex) {
    hasher = fleet.hasher
    var fleet = fleet
    // What is added from now on is known from now on, not from the machine's start.
    fleet.keepTime(MonotonicClock.nowNanoseconds())
    self.fleet = fleet
  }

  package func read<R, E: Error>(_ body: (borrowing FleetIndex) throws(E) -> R) throws(E) -> R {
    try lock.withReadLock { () throws(E) in try body(fleet) }
  }

  package func write<R, E: Error>(_ body: (inout FleetIndex) throws(E) -> R) throws(E) -> R {
    try lock.withWriteLock { () throws(E) in try body(&fleet) }
  }

  /// What the log calls a source: `ENDPOINT rank N`.
  func name(of source: SourceID) -> String {
    guard let configuration = read({ $0.configuration(of: source) }) else {
      return "source \(source.index)"
    }
    return "\(configuration.endpoint) rank \(configuration.rank)"
  }
}
