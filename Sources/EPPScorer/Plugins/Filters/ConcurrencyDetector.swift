/// Keeps endpoints that are not saturated by what this router sent them; all where none would
/// stay.
///
/// Formula and defaults are those of llm-d's `concurrency-detector`.
public struct ConcurrencyDetector: Plugin {
  /// What is counted against the limits.
  public enum Mode: String, CaseIterable, Sendable { case requests, tokens, hybrid }

  public static let type = "concurrency-detector"
  /// What is counted.
  public var concurrencyMode: Mode
  /// Requests an endpoint; positive.
  public var maxConcurrency: Int
  /// Tokens an endpoint; positive.
  public var maxTokenConcurrency: Int
  /// How far above the limits the filter still keeps.
  public var headroom: Double

  /// A plugin with these parameters.
  public init(
    concurrencyMode: Mode = .requests, maxConcurrency: Int = 100,
    maxTokenConcurrency: Int = 1_000_000, headroom: Double = 0
  ) {
    self.concurrencyMode = concurrencyMode
    self.maxConcurrency = maxConcurrency
    self.maxTokenConcurrency = maxTokenConcurrency
    self.headroom = headroom
  }
}
