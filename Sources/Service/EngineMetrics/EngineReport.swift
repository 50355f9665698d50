package import EPPScorer

/// What the metrics of an engine said; nil for what they did not say.
package struct EngineReport: Sendable, Equatable {
  /// Sums over the engine's data-parallel ranks.
  package var waitingRequests: Int?
  package var runningRequests: Int?
  /// The ranks' average, 0 to 1.
  package var cacheUsage: Double?
  package var adapters: AdapterLoad?
  /// Tokens a block.
  package var blockSize: Int?
  /// Blocks of the cache, over all ranks.
  package var blockCount: Int?
  /// Tokens of prompts that were read to their end, found in the cache or computed; ever growing.
  package var promptTokens: Int?
  /// Those of them that the engine computed itself.
  package var computedTokens: Int?
  /// Requests that are over, whatever their end; ever growing.
  package var finishedRequests: Int?
  /// Tokens that were looked for in the prefix cache, and those found there; ever growing.
  package var cacheQueries: Int?
  package var cacheHits: Int?
  /// Whether a rank of the engine has given its memory away.
  package var isSleeping: Bool?
  /// When the engine's process started, in Unix time.
  package var startTime: Double?
  /// Series that were wanted and read.
  package var seriesCount = 0
  /// Series that were wanted and could not be read.
  package var faultCount = 0

  package init() {}

  /// The numbers of `load`, as the scheduler takes them.
  package var load: EndpointLoad {
    var load = EndpointLoad()
    load.waitingRequests = waitingRequests
    load.runningRequests = runningRequests
    load.cacheUsage = cacheUsage
    load.adapters = adapters
    return load
  }
}
