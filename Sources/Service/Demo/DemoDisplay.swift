/// Shows tables one after another: each over the last on a terminal, else a line every two seconds.
struct DemoDisplay {
  private static let secondsPerLine = 2

  private let output: DemoOutput
  private var drawnLines = 0
  private var nextLineSecond = Self.secondsPerLine

  init(_ output: DemoOutput) { self.output = output }

  /// Shows the state `seconds` after the first request.
  mutating func show(_ table: DemoTable, seconds: Int) {
    guard output.isTerminal else {
      guard seconds >= nextLineSecond else { return }
      nextLineSecond = seconds + Self.secondsPerLine
      output.write(table.line(seconds: seconds) + "\n")
      return
    }
    let lines = table.lines
    // Up to the first line of the last table, and from there each line to its end.
    let start = drawnLines > 0 ? "\u{1b}[\(drawnLines)A" : ""
    // Without wrapping, which would make two lines of one on a narrow terminal.
    let table = lines.map { $0 + "\u{1b}[K\n" }.joined()
    output.write(start + "\u{1b}[?7l" + table + "\u{1b}[?7h")
    drawnLines = lines.count
  }

  /// Shows the last state, always as a table.
  mutating func finish(_ table: DemoTable, seconds: Int) {
    guard !output.isTerminal else { return show(table, seconds: seconds) }
    output.write("\n" + table.lines.map { $0 + "\n" }.joined())
  }
}
