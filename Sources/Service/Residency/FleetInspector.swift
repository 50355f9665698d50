import KVIndexer

/// Walks over the whole index for people, in slices, so that events and matches pass in between.
///
/// Its functions take milliseconds: they are for the inspection thread.
final class FleetInspector: @unchecked Sendable {
  /// Runs and holders of runs that are looked at while the lock is held.
  private static let sliceWork = 4096
  /// Runs that one answer looks at; beyond that it says that it is partial.
  static let runsMax = 4 << 20
  /// How long what a walk found is told again, in nanoseconds.
  private static let freshNanoseconds: UInt64 = 1_000_000_000

  /// What a walk over all runs found.
  struct Findings: Sendable {
    var sources: [SourceID: [TierResidency]]
    var namespaces: [NamespaceResidency]
    var isPartial: Bool
  }

  private let fleet: SharedFleet
  private let lock = Lock()
  private var last: (findings: Findings, madeAt: UInt64)?

  init(fleet: SharedFleet) { self.fleet = fleet }

  /// What sources and namespaces hold.
  ///
  /// - Parameter namespace: Only its blocks count for sources.
  func survey(namespace: NamespaceID? = nil) -> Findings {
    let now = MonotonicClock.nowNanoseconds()
    if namespace == nil, let last = lock.withLock({ last }),
      now &- last.madeAt < Self.freshNanoseconds
    {
      return last.findings
    }
    var survey = FleetSurvey(namespace: namespace)
    while !survey.isComplete, survey.runsVisited < Self.runsMax {
      fleet.read { $0.survey(&survey, work: Self.sliceWork) }
    }
    let findings = fleet.read {
      Findings(
        sources: $0.sources(in: survey), namespaces: $0.namespaces(in: survey),
        isPartial: !survey.isComplete)
    }
    if namespace == nil { lock.withLock { last = (findings, MonotonicClock.nowNanoseconds()) } }
    return findings
  }

  /// One page of runs.
  func select(_ query: RunQuery) -> RunSelection {
    var selection = RunSelection(query)
    while !selection.isComplete, selection.visited < Self.runsMax {
      fleet.read { $0.select(&selection, work: Self.sliceWork) }
    }
    return selection
  }
}
