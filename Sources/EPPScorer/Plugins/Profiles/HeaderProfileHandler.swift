/// Runs the profile that a header names.
///
/// Formula and defaults are those of llm-d's `header-profile-handler`.
public struct HeaderProfileHandler: Plugin {
  public static let type = "header-profile-handler"
  /// The header, in lower case.
  public var headerName: String
  /// The profile of requests without it.
  public var defaultProfile: String

  /// A plugin with these parameters.
  public init(headerName: String = "epp-profile", defaultProfile: String = "decode") {
    self.headerName = headerName
    self.defaultProfile = defaultProfile
  }
}
