import Glibc
package import KVIndexer

/// A snapshot in a file, which is read from its beginning as often as somebody asks.
package final class SnapshotFile: Sendable {
  /// Where it comes from, for people.
  package let origin: String
  private let descriptor: Int32

  /// Opens a file.
  package init(_ path: String) throws(SystemError) {
    origin = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError("read \(path)") }
  }

  /// A file without a name, below `$TMPDIR` or `/tmp`, for a snapshot that is still to come.
  init(receivingFrom origin: String) throws(SystemError) {
    self.origin = origin
    let root = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(root)/kv-snapshot-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw SystemError("make a file in \(root)") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit { close(descriptor) }

  func append(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
    try Descriptor.write(bytes, to: descriptor, "keep the snapshot of \(origin)")
  }

  package var byteCount: Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Reads it from its beginning.
  package func reader() throws(SnapshotError) -> SnapshotReader {
    var offset: off_t = 0
    return try SnapshotReader { [self] buffer throws(SnapshotError) in
      let count = try read(into: buffer, at: offset)
      offset += off_t(count)
      return count
    }
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: off_t
  ) throws(SnapshotError) -> Int {
    var taken = 0
    while taken < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress.map { $0 + taken }, buffer.count - taken,
        offset + off_t(taken))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable("\(SystemError("read \(origin)"))") }
      if count == 0 { break }
      taken += count
    }
    return taken
  }
}
