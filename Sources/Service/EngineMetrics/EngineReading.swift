package import EPPScorer

/// What was last read of one endpoint; it stays the same object while the endpoint is listed.
package final class EngineReading: Sendable {
  package let id: EndpointID
  private let lock = Lock()
  nonisolated(unsafe) private var current = EngineSnapshot()

  init(_ id: EndpointID) { self.id = id }

  /// What is known now.
  package var snapshot: EngineSnapshot { lock.withLock { current } }

  /// The load as the scheduler takes it; stale when nothing was read for too long.
  package func load(at now: UInt64) -> EndpointLoad { snapshot.load(at: now) }

  func update(_ change: (inout EngineSnapshot) -> Void) {
    lock.withLock { change(&current) }
  }
}

/// What is known of an endpoint's engine at one moment.
package struct EngineSnapshot: Sendable, Equatable {
  package var health = EndpointHealth.unknown
  /// Whether somebody saw a sign of its end that no read has disproved yet.
  package var isSuspected = false
  /// The last that was read, however old; nothing when there never was anything.
  package var report = EngineReport()
  /// When that was, in monotonic nanoseconds; nil for never.
  package var readAt: UInt64?
  /// From when on it is stale: several reads should have come by then.
  package var staleAt: UInt64 = 0

  package init() {}

  /// Whether the numbers are too old to go by, or there are none.
  package func isStale(at now: UInt64) -> Bool { readAt == nil || now >= staleAt }

  /// How old the numbers are, in nanoseconds; nil when there are none.
  package func age(at now: UInt64) -> UInt64? {
    readAt.map { now > $0 ? now - $0 : 0 }
  }

  /// The load as the scheduler takes it.
  package func load(at now: UInt64) -> EndpointLoad {
    var load = report.load
    load.isStale = isStale(at: now)
    return load
  }
}
