/// Why a file of traces or recordings can't be read or written, where, and what would mend it.
package struct InputFileError: Error, Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Counted from 1; nil when the file as a whole is at fault.
  package var line: Int?
  package var reason: String

  package init(file: String, line: Int? = nil, reason: String) {
    self.file = file
    self.line = line
    self.reason = reason
  }

  package var description: String {
    line.map { "\(file):\($0): \(reason)" } ?? "\(file): \(reason)"
  }
}
