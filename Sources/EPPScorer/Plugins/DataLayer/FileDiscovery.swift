/// Takes the endpoints from files.
///
/// Parameters and defaults are those of llm-d's `file-discovery`.
public struct FileDiscovery: Plugin, Equatable {
  public static let type = "file-discovery"

  /// A file, or a directory whose `.yaml` and `.json` files are taken together; not empty.
  public var path: String
  /// Whether changes are followed.
  public var watchFile: Bool

  /// A discovery.
  public init(path: String, watchFile: Bool = false) {
    self.path = path
    self.watchFile = watchFile
  }
}
