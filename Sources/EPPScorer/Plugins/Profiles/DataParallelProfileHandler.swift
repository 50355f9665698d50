/// Runs the only profile and sends the request to the sidecar of the endpoint that was picked.
///
/// Formula and defaults are those of llm-d's `data-parallel-profile-handler`.
public struct DataParallelProfileHandler: ProfileHandler {
  public static let type = "data-parallel-profile-handler"
  /// The sidecar's port.
  public var primaryPort: UInt16

  /// A plugin with these parameters.
  public init(primaryPort: UInt16 = 8000) {
    self.primaryPort = primaryPort
  }

  public func schedule(
    _ run: inout SchedulingRun
  ) throws(SchedulingFailure) -> SchedulingResult {
    let primary = try run.runFirst()
    return SchedulingResult(
      primary: primary, headers: [Self.header(for: run.candidates[primary.targets[0]].endpoint)],
      destinationPort: primaryPort)
  }

  public func faults(in plan: SchedulingPlan) -> [String] {
    plan.hasOneProfile ? [] : ["\(Self.type) runs one profile, not \(plan.profiles.count)."]
  }

  /// Tells the sidecar which rank was meant.
  static func header(for endpoint: Endpoint) -> SchedulingResult.Header {
    .init(name: "x-data-parallel-host-port", value: endpoint.address)
  }
}
