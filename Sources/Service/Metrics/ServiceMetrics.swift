import KVIndexer

/// Every metric of the indexer that is counted as things happen; the rest is read when asked for.
final class ServiceMetrics: Sendable {
  /// How a request for a score ended.
  enum Outcome: String, MetricLabel {
    case answered, rejected
    static let labelName = "outcome"
  }

  let eventLag = Histogram(bounds: Histogram.latencySeconds)
  let applyLatency = Histogram(bounds: Histogram.latencySeconds)
  let scoreLatency = Histogram(
    bounds: [1e-6, 2e-6, 5e-6] + Histogram.latencySeconds)
  let scores = Labelled<Outcome, Counter> { Counter() }
  /// Files of tokens and certificates that changed and could not be used.
  let rejectedSecurityFiles = Counter()
  let http = HTTPServerMetrics()
  let grpc = GRPCServerMetrics()
  let snapshots = SnapshotMetrics()
  /// Changes that administrators made to sources.
  let sourceChanges = Labelled<SourceChange, Counter> { Counter() }
  let refusedSourceChanges = Counter()
  let tokensFrom = Labelled<TokensOrigin, Counter> { Counter() }
}
