import Glibc
import Service

/// A directory for the files of programs under measurement.
final class ScratchDirectory {
  let path: String
  private var names: Set<String> = []

  init() throws(SystemError) {
    var template = Array("/tmp/kvbench-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw SystemError("make a directory in /tmp") }
    path = String(cString: made)
  }

  /// Removes it and its files.
  func remove() {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Where a file of this name belongs.
  func path(of name: String) -> String {
    names.insert(name)
    return "\(path)/\(name)"
  }

  /// Writes a file; returns its path.
  func write(_ bytes: [UInt8], to name: String) throws(SystemError) -> String {
    let file = path(of: name)
    let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError("write \(file)") }
    defer { close(descriptor) }
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      guard count > 0 else { throw SystemError("write \(file)") }
      written += count
    }
    return file
  }
}
