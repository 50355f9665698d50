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
      try body { bytes throws(SystemError) in try append(bytes, to: descriptor, operation) }
      guard fsync(descriptor) == 0 else { throw SystemError(operation) }
    } catch {
      unlink(new)
      throw error
    }
    guard rename(new, path) == 0 else { throw SystemError(operation) }
    try syncDirectory(of: path, operation)
  }

  private static func append(
    _ bytes: borrowing [UInt8], to descriptor: Int32, _ operation: String
  ) throws(SystemError) {
    try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
      var written = 0
      while written < bytes.count {
        let count = Glibc.write(
          descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw SystemError(operation) }
        written += count
      }
    }
  }

  /// The new name is safe once the directory is on disk.
  private static func syncDirectory(of path: String, _ operation: String) throws(SystemError) {
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    let descriptor = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw SystemError(operation) }
  }
}

/// Files of any length, read at once.
package enum LargeFile {
  package static func read(_ path: String) throws(SystemError) -> [UInt8] {
    let operation = "read \(path)"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    let size = lseek(descriptor, 0, SEEK_END)
    guard size >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw SystemError(operation) }
    var failure: SystemError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let taken = Glibc.read(
          descriptor, buffer.baseAddress.map { $0 + count }, size - count)
        if taken < 0, errno == EINTR { continue }
        if taken < 0 { failure = SystemError(operation) }
        if taken <= 0 { return }
        count += taken
      }
    }
    if let failure { throw failure }
    return bytes
  }
}
