import Glibc

/// A temporary directory for the files of the demo's programs.
final class DemoDirectory: @unchecked Sendable {
  let path: String
  private let lock = Lock()
  /// Under the lock.
  private var names: Set<String> = []

  init() throws(SystemError) {
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/kvindexer-demo-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("make a directory in \(root)") }
    path = String(cString: made)
  }

  deinit { remove() }

  /// Removes it and its files.
  func remove() {
    lock.withLock {
      for name in names { unlink("\(path)/\(name)") }
      rmdir(path)
    }
  }

  /// Where a file of this name belongs.
  func path(of name: String) -> String {
    lock.withLock { _ = names.insert(name) }
    return "\(path)/\(name)"
  }

  /// Writes a file; returns its path.
  func write(_ text: String, to name: String) throws(SystemError) -> String {
    let file = path(of: name)
    let stream = fopen(file, "w")
    guard let stream else { throw SystemError("write \(file)") }
    let isWritten = fputs(text, stream) >= 0
    guard fclose(stream) == 0, isWritten else { throw SystemError("write \(file)") }
    return file
  }
}
