/// Runs the profile that a header names.
///
/// Formula and defaults are those of llm-d's `header-profile-handler`.
public struct HeaderProfileHandler: ProfileHandler {
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

  public func schedule(
    _ run: inout SchedulingRun
  ) throws(SchedulingFailure) -> SchedulingResult {
    SchedulingResult(primary: try run.run(run.request.headers[headerName] ?? defaultProfile))
  }

  public func faults(in plan: SchedulingPlan) -> [String] {
    plan.has(profile: defaultProfile)
      ? [] : ["\(Self.type) runs profile '\(defaultProfile)', which does not exist."]
  }
}
