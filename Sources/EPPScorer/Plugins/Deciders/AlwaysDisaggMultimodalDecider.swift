/// Divides requests with media.
///
/// Formula and defaults are those of llm-d's `always-disagg-multimodal-decider`.
public struct AlwaysDisaggMultimodalDecider: Decider {
  public static let type = "always-disagg-multimodal-decider"

  /// A plugin with these parameters.
  public init() {}

  public func divides(_ request: SchedulingRequest, hit: PrefixHit?) -> Bool { request.hasMedia }
}
