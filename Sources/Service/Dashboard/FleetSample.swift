import KVIndexer

/// All that the dashboard shows, as it was at one moment; counts are since the start.
struct FleetSample: Sendable {
  /// An endpoint, its ranks added up.
  struct Endpoint: Sendable {
    var member: FleetMembership.Member
    /// Of the worst rank; nil for an endpoint without KV events.
    var trust: Trust?
    /// Why events do not arrive or are not believed.
    var reason: String?
    var blockSize: Int?
    /// Blocks of the main group, in the order of `Tier.allCases`.
    var blocks = [Int](repeating: 0, count: Tier.allCases.count)
    var indexBytes = 0
    var events = 0
    var storedBlocks = 0
    var removedBlocks = 0
    /// When the last message came, in monotonic nanoseconds.
    var lastMessageAt: UInt64?
    /// Nil where nobody asks the engine.
    var engine: EngineSnapshot?
    /// What came of its requests, as far as their responses were seen.
    var traffic: ShadowFigures?

    /// Blocks that requests can use; nil when the engine does not say.
    var capacityBlocks: Int? {
      // Each rank keeps one block that no request gets.
      engine?.report.blockCount.map { max($0 - max(member.sources.count, 1), 0) }
    }
  }

  /// In monotonic nanoseconds.
  var at: UInt64
  /// In seconds since 1970.
  var time: Double
  /// Ordered by name.
  var endpoints: [Endpoint]
  var indexBytes = 0
  var uniqueBlocks = 0
  var residencies = 0
  var scores = 0
  var eventLag: Histogram.Snapshot
  var applyLatency: Histogram.Snapshot
  /// What came of all requests whose responses were seen.
  var traffic: ShadowFigures

  var events: Int { endpoints.reduce(0) { $0 + $1.events } }
  var storedBlocks: Int { endpoints.reduce(0) { $0 + $1.storedBlocks } }
  var removedBlocks: Int { endpoints.reduce(0) { $0 + $1.removedBlocks } }
}
