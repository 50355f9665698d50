import Glibc

/// A system call that failed on something that an operator can name.
package struct SystemError: Error, Equatable, CustomStringConvertible {
  /// What was attempted, for example `listen on 127.0.0.1:8080`.
  package var operation: String
  /// What the system said about it.
  package var reason: String

  package init(_ operation: String, reason: String) {
    self.operation = operation
    self.reason = reason
  }

  /// Takes the reason from `errno`: nothing may be called between the failure and this.
  package init(_ operation: String, errno code: Int32 = errno) {
    self.operation = operation
    reason = String(cString: strerror(code))
  }

  package var description: String { "cannot \(operation): \(reason)" }
}
