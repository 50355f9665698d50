import Glibc
import Service

/// Standard output: a terminal with colours and a size, or a file without.
struct Screen: Sendable {
  var isTerminal: Bool
  var isColoured: Bool

  /// Standard output as it is, and as `NO_COLOR` wants it.
  static var standardOutput: Screen {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let refusal = getenv("NO_COLOR").map { String(cString: $0) } ?? ""
    let isDumb = getenv("TERM").map { String(cString: $0) } == "dumb"
    return Screen(isTerminal: isTerminal, isColoured: isTerminal && refusal.isEmpty && !isDumb)
  }

  /// Writes lines below each other.
  func print(_ lines: [StyledText]) { StandardOutput.write(text(lines)) }

  /// Writes lines in the place of those that were drawn before; below them where there is no
  /// terminal.
  func redraw(_ lines: [StyledText]) {
    guard isTerminal else { return print(lines + [""]) }
    // Home; each line with the rest of the old one erased; then all below.
    let (columns, rows) = Self.size
    let body = fitted(lines, columns: columns, rows: rows)
      .map { $0.written(isColoured: isColoured) + "\u{1b}[K" }.joined(separator: "\r\n")
    StandardOutput.write("\u{1b}[H" + body + "\u{1b}[J")
  }

  /// Takes the whole terminal, or gives it back as it was.
  func begin() { if isTerminal { StandardOutput.write("\u{1b}[?1049h\u{1b}[?25l\u{1b}[2J") } }
  func end() { if isTerminal { StandardOutput.write("\u{1b}[?25h\u{1b}[?1049l") } }

  private func text(_ lines: [StyledText]) -> String {
    lines.map { $0.written(isColoured: isColoured) + "\n" }.joined()
  }

  private func fitted(_ lines: [StyledText], columns: Int, rows: Int) -> [StyledText] {
    var lines = lines.map { $0.cut(to: columns) }
    guard lines.count > rows else { return lines }
    let hidden = lines.count - rows + 1
    lines.removeLast(hidden)
    return lines + [StyledText("… \(Quantity.count(hidden)) more lines", .faint)]
  }

  private static var size: (columns: Int, rows: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return (120, 40) }
    return (Int(size.ws_col), Int(size.ws_row))
  }
}
