import Glibc

/// A directory of our own below `$TMPDIR`, or `/tmp`, for files and sockets that do not outlive us.
package final class TemporaryDirectory: @unchecked Sendable {
  package let path: String
  private let lock = Lock()
  /// Under the lock.
  private var names: Set<String> = []

  /// - Parameter purpose: A part of its name.
  package init(for purpose: String) throws(SystemError) {
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/\(purpose)-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("make a directory in \(root)") }
    path = String(cString: made)
  }

  deinit { remove() }

  /// Removes it and its files.
  package func remove() {
    lock.withLock {
      for name in names { unlink("\(path)/\(name)") }
      rmdir(path)
    }
  }

  /// Where a file of this name belongs.
  package func path(of name: String) -> String {
    lock.withLock { _ = names.insert(name) }
    return "\(path)/\(name)"
  }

  /// Writes a file that only we can read; returns its path.
  package func write(_ bytes: some Sequence<UInt8>, to name: String) throws(SystemError) -> String {
    let file = path(of: name)
    try FileBytes.write(Array(bytes), to: file)
    return file
  }
}
