import Glibc

/// What takes several system calls on one file descriptor.
enum Descriptor {
  /// Writes all bytes.
  ///
  /// - Parameter operation: What the error names.
  static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ operation: String
  ) throws(SystemError) {
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
