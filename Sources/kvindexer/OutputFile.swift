import Glibc
import Service

/// Files that a command was asked to write.
enum OutputFile {
  /// Replaces the file at `path`.
  static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
    let operation = "write \(path)"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw SystemError(operation) }
    defer { close(descriptor) }
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        throw SystemError(operation)
      }
      rest = rest.dropFirst(count)
    }
  }
}
