import Glibc

/// What `kvindexer demo` is asked to show; each default is written here and nowhere else.
package struct DemoOptions: Sendable {
  /// Simulated model servers.
  package var engines = 4
  /// How long requests are sent.
  package var seconds = 20
  /// Chooses the prompts, and which requests are moved.
  package var seed: UInt64 = 1
  /// Whether everything stays up afterwards, until the demo is stopped.
  package var stays = false
  /// Blocks that requests can use, an engine; few enough that engines evict.
  package var usableBlocks = 511
  /// Tokens a block.
  package var blockSize = 16

  package static let enginesRange = 1...32
  package static let secondsRange = 1...86_400

  package init() {}
}

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

/// Why the demo can't go on.
package enum DemoError: Error, CustomStringConvertible {
  case outOfRange(option: String, range: ClosedRange<Int>)
  /// An answer that no working server gives.
  case unexpectedAnswer(request: String, status: Int, body: String)
  /// What did not happen in time.
  case overdue(String)

  package var description: String {
    switch self {
    case .outOfRange(let option, let range):
      "\(option) takes \(range.lowerBound) to \(range.upperBound)"
    case .unexpectedAnswer(let request, let status, let body):
      "\(request) was answered with status \(status): \(body)"
    case .overdue(let what): "\(what) took too long"
    }
  }
}
