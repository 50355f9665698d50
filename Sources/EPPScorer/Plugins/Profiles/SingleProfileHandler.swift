/// Runs the only profile.
///
/// Formula and defaults are those of llm-d's `single-profile-handler`.
public struct SingleProfileHandler: Plugin {
  public static let type = "single-profile-handler"

  /// A plugin with these parameters.
  public init() {
  }
}
