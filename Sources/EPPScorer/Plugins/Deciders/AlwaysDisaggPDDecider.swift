/// Divides every request.
///
/// Formula and defaults are those of llm-d's `always-disagg-pd-decider`.
public struct AlwaysDisaggPDDecider: Decider {
  public static let type = "always-disagg-pd-decider"

  /// A plugin with these parameters.
  public init() {}

  public func divides(_ request: SchedulingRequest, hit: PrefixHit?) -> Bool { true }
}
