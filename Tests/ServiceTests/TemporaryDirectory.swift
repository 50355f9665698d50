import Foundation

/// A directory of its own for one test, removed with this object.
final class TemporaryDirectory {
  /// Without symbolic links.
  let path: String

  init() throws {
    let root = FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
    path = root + "/kvi-" + UUID().uuidString.prefix(8)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
  }
}
