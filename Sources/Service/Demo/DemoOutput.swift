import Glibc

/// Where the demo writes.
package struct DemoOutput: Sendable {
  /// Whether lines can be drawn over.
  package var isTerminal: Bool
  package var write: @Sendable (String) -> Void

  package init(isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  package static var standardOutput: DemoOutput {
    DemoOutput(isTerminal: isatty(STDOUT_FILENO) == 1) { text in
      print(text, terminator: "")
      fflush(nil)
    }
  }
}
