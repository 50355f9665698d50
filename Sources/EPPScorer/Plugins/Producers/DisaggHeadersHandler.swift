/// Sets the headers of divided requests; here the profile handler sets them itself.
///
/// Its type is that of llm-d's `disagg-headers-handler`, which was `prefill-header-handler`.
public struct DisaggHeadersHandler: Plugin {
  public static let type = "disagg-headers-handler"

  /// A plugin; its parameters are of no account.
  public init() {}
}
