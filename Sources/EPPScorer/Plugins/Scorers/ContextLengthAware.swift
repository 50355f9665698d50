/// Prefers endpoints that are meant for prompts of this length, as a label `min-max` says.
///
/// Formula and defaults are those of llm-d's `context-length-aware`.
public struct ContextLengthAware: Plugin {
  public static let type = "context-length-aware"
  /// The label; not empty.
  public var label: String
  /// Whether the filter drops endpoints out of range.
  public var enableFiltering: Bool

  /// A plugin with these parameters.
  public init(label: String = "llm-d.ai/context-length-range", enableFiltering: Bool = false) {
    self.label = label
    self.enableFiltering = enableFiltering
  }
}
