/// Spreads requests that no endpoint holds anything of: the least recently used for such first.
///
/// Formula and defaults are those of llm-d's `no-hit-lru-scorer`.
public struct NoHitLRUScorer: Plugin {
  public static let type = "no-hit-lru-scorer"
  /// Endpoints remembered; positive.
  public var lruSize: Int
  /// The producer to read; nil for the default one.
  public var prefixMatchInfoProducerName: String?

  /// A plugin with these parameters.
  public init(lruSize: Int = 1024, prefixMatchInfoProducerName: String? = nil) {
    self.lruSize = lruSize
    self.prefixMatchInfoProducerName = prefixMatchInfoProducerName
  }
}
