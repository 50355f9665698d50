import KVIndexer

/// What no routing can exceed.
package struct Ceilings: Sendable, Equatable {
  /// Share of blocks that were in a prompt before: one cache without a limit.
  package var workload: Double
  /// Share of blocks that one cache would reuse that is as large as the fleet's together.
  package var fleetCapacity: Double

  /// The ceilings of a trace and a fleet.
  ///
  /// The cache of the second one evicts as an engine's does, and no request holds blocks.
  package init(_ trace: Trace, capacity: Int) {
    let total = Double(max(trace.blockCount, 1))
    workload = Double(trace.blockCount - trace.distinctBlocks) / total
    var engine = BlockEngine(usableBlocks: capacity)
    var hits = 0
    for (request, asked) in trace.requests.enumerated() {
      engine.enqueue(request)
      hits += engine.begin(trace.ids[asked.blocks])?.hits ?? 0
      engine.finishPrefill(trace.ids[asked.blocks])
      engine.release(request)
    }
    fleetCapacity = Double(hits) / total
  }
}
