package import Tokenize

/// One thing that is wrong with a configuration file, or worth a warning.
package struct YAMLFault: Error, Sendable, Equatable, CustomStringConvertible {
  package var file: String
  /// Nil when the fault is the file's as a whole.
  package var mark: TextPosition?
  /// The way to the value, for example `endpoints[2].port`; empty at the top.
  package var path: String
  package var message: String

  package init(file: String, mark: TextPosition?, path: String, message: String) {
    self.file = file
    self.mark = mark
    self.path = path
    self.message = message
  }

  /// In the form that editors and compilers use: `file:line:column: path: message`.
  package var description: String {
    let place = mark.map { ":\($0.line):\($0.column)" } ?? ""
    return "\(file)\(place): \(path.isEmpty ? "" : "\(path): ")\(message)"
  }
}

/// Everything that is wrong with a configuration file, in the order of its lines.
package struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
  package var faults: [YAMLFault]

  package init(_ faults: [YAMLFault]) { self.faults = faults }

  package var description: String { faults.map(\.description).joined(separator: "\n") }
}
