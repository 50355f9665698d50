/// Keeps endpoints that encode media.
///
/// Formula and defaults are those of llm-d's `encode-filter`.
public struct EncodeFilter: Plugin {
  public static let type = "encode-filter"

  /// A plugin with these parameters.
  public init() {
  }
}
