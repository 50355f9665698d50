/// Runs the only profile.
///
/// Formula and defaults are those of llm-d's `single-profile-handler`.
public struct SingleProfileHandler: ProfileHandler {
  public static let type = "single-profile-handler"

  /// A plugin with these parameters.
  public init() {}

  public func schedule(
    _ run: inout SchedulingRun
  ) throws(SchedulingFailure) -> SchedulingResult {
    SchedulingResult(primary: try run.runFirst())
  }

  public func faults(in plan: SchedulingPlan) -> [String] {
    plan.hasOneProfile ? [] : ["\(Self.type) runs one profile, not \(plan.profiles.count)."]
  }
}
