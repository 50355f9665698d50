import Glibc

/// Reads and writes small files whole.
package enum FileBytes {
  /// The content of the file at `path`.
  ///
  /// - Throws: `SystemError` when it cannot be read or has more than `bytesMax` bytes.
  package static func read(_ path: String, atMost bytesMax: Int) throws(SystemError) -> [UInt8] {
    let operation = "read \(path)"
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &piece, piece.count)
      if count == 0 { return content }
      guard count > 0 else {
        if errno == EINTR { continue }
        throw SystemError(operation)
      }
      content += piece.prefix(count)
      guard content.count <= bytesMax else {
        throw SystemError(operation, reason: "more than the \(bytesMax) bytes allowed")
      }
    }
  }

  /// Writes a file in place of what was there.
  ///
  /// - Parameter mode: Who may read and write a new one, as far as the process's mask allows.
  package static func write(
    _ bytes: [UInt8], to path: String, mode: UInt32 = 0o600
  ) throws(SystemError) {
    let operation = "write \(path)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    try bytes.span.withUnsafeBytes { bytes throws(SystemError) in
      try Descriptor.write(bytes, to: descriptor, operation)
    }
  }
}
