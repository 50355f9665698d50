/// Divides every request.
///
/// Formula and defaults are those of llm-d's `always-disagg-pd-decider`.
public struct AlwaysDisaggPDDecider: Plugin {
  public static let type = "always-disagg-pd-decider"

  /// A plugin with these parameters.
  public init() {
  }
}
