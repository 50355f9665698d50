/// Keeps endpoints that decode, and those without a role.
///
/// Formula and defaults are those of llm-d's `decode-filter`.
public struct DecodeFilter: Plugin {
  public static let type = "decode-filter"

  /// A plugin with these parameters.
  public init() {
  }
}
