/// Counts what this router sent to endpoints and has seen no end of.
///
/// Parameters and defaults are those of llm-d's `inflight-load-producer`.
public struct InFlightLoadProducer: Plugin, Equatable {
  public static let type = "inflight-load-producer"

  /// Whether output tokens are estimated and counted too.
  public var addEstimatedOutputTokens = false
  /// Output tokens a prompt token; not negative.
  public var outputRatio = 1.5
  /// The most output tokens that are counted; nil for no limit.
  public var maxEstimatedOutputTokens: Int?
  /// The producer whose hits say what is not cached; nil for the default one.
  public var prefixMatchInfoProducerName: String?

  /// A producer with the default parameters.
  public init() {}

  /// Output tokens to count for a request.
  ///
  /// - Parameter clientMax: The most that the client wants; nil when it does not say.
  public func outputTokens(promptTokens: Int, clientMax: Int?) -> Int {
    guard addEstimatedOutputTokens else { return 0 }
    let estimate = Int(min((Double(promptTokens) * outputRatio).rounded(), Double(Int32.max)))
    let wanted = clientMax.map { $0 < 0 ? .max : $0 } ?? .max
    return min(estimate, wanted, maxEstimatedOutputTokens ?? .max)
  }
}
