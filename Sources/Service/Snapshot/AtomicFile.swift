import Glibc

/// Files that are whole or not there, whenever the process or the machine stops.
package enum AtomicFile {
  /// Writes a file piece by piece beside the old one, and puts it in its place when all is on disk.
  ///
  /// Only its owner can read it. Where writing fails, the old file stays.
  package static func write(
    to path: String,
    _ body: (_ write: (borrowing [UInt8]) throws(SystemError) -> Void) throws(SystemError) -> Void
  ) throws(SystemError) {
    let operation = "write \(path)"
    let new = "\(path).new"
    let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw SystemError(operation) }
    do throws(SystemError) {
      defer { close(descriptor) }
      try body { bytes throws(SystemError) in
        try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
          try Descriptor.write(bytes, to: descriptor, operation)
        }
      }
      guard fsync(descriptor) == 0 else { throw SystemError(operation) }
    } catch {
      unlink(new)
      throw error
    }
    guard rename(new, path) == 0 else { throw SystemError(operation) }
    try syncDirectory(of: path, operation)
  }

  /// Removes a file, which then stays away when the machine stops.
  ///
  /// One that is not there is no error.
  package static func remove(_ path: String) throws(SystemError) {
    let operation = "remove \(path)"
    guard unlink(path) == 0 || errno == ENOENT else { throw SystemError(operation) }
    try syncDirectory(of: path, operation)
  }

  /// A change of names is safe once the directory is on disk.
  private static func syncDirectory(of path: String, _ operation: String) throws(SystemError) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemError(operation) }
  }
}
