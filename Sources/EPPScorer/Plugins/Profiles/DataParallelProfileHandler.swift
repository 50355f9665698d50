/// Runs the only profile and sends the request to the sidecar of the endpoint that was picked.
///
/// Formula and defaults are those of llm-d's `data-parallel-profile-handler`.
public struct DataParallelProfileHandler: Plugin {
  public static let type = "data-parallel-profile-handler"
  /// The sidecar's port.
  public var primaryPort: UInt16

  /// A plugin with these parameters.
  public init(primaryPort: UInt16 = 8000) {
    self.primaryPort = primaryPort
  }
}
