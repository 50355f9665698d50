/// A plugin that reads the prefix hits of a producer.
protocol PrefixHitReader: Plugin {
  /// The producer; nil for the default one.
  var prefixMatchInfoProducerName: String? { get }
}

extension PrefixCacheScorer: PrefixHitReader {}
extension NoHitLRUScorer: PrefixHitReader {}
extension PrefixCacheAffinityFilter: PrefixHitReader {}
extension InFlightLoadProducer: PrefixHitReader {}

extension TokenLoadScorer: PrefixHitReader {
  var prefixMatchInfoProducerName: String? { nil }
}

extension PrefixBasedPDDecider: PrefixHitReader {
  var prefixMatchInfoProducerName: String? { nil }
}
