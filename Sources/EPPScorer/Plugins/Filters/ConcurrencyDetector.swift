/// Keeps endpoints that are not saturated by what this router sent them; all where none would
/// stay.
///
/// Formula and defaults are those of llm-d's `concurrency-detector`.
public struct ConcurrencyDetector: Filter {
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

  public func filter(_ kept: inout [Int], in context: inout SchedulingContext) {
    let requestLimit = Double(maxConcurrency) * (1 + headroom)
    let tokenLimit = Double(maxTokenConcurrency) * (1 + headroom)
    kept.prefer { candidate in
      let inFlight = context.pool.candidates[candidate].inFlight
      let hasRequestRoom = Double(inFlight.requests) < requestLimit
      let hasTokenRoom = Double(inFlight.tokens) < tokenLimit
      return switch concurrencyMode {
      case .requests: hasRequestRoom
      case .tokens: hasTokenRoom
      case .hybrid: hasRequestRoom && hasTokenRoom
      }
    }
  }
}
