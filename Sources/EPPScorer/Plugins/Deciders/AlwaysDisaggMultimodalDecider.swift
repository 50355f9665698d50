/// Divides requests with media.
///
/// Formula and defaults are those of llm-d's `always-disagg-multimodal-decider`.
public struct AlwaysDisaggMultimodalDecider: Plugin {
  public static let type = "always-disagg-multimodal-decider"

  /// A plugin with these parameters.
  public init() {
  }
}
