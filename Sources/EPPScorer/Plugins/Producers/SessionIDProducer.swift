/// Finds the session of a request in a header.
///
/// Parameters and defaults are those of llm-d's `session-id-producer`.
public struct SessionIDProducer: Plugin, Equatable {
  public static let type = "session-id-producer"

  /// The header, in lower case.
  public var headerName: String

  /// A plugin with these parameters.
  public init(headerName: String) { self.headerName = headerName }
}
