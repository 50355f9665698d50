/// Tells producers of endpoints that come and go; here they all know without it.
///
/// Parameters and defaults are those of llm-d's `endpoint-notification-source`.
public struct EndpointNotificationSource: Plugin {
  public static let type = "endpoint-notification-source"

  /// A plugin; it has no parameters.
  public init() {}
}
