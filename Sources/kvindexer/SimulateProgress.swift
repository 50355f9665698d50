import Glibc
import Service

/// A bar on the terminal that says how far the runs are, and how long the rest may take.
struct SimulateProgress: Sendable {
  private static let width = 30

  private let runs: Int
  private let startedAt = MonotonicClock.nowNanoseconds()
  private let isTerminal = isatty(STDERR_FILENO) == 1

  init(runs: Int) { self.runs = runs }

  /// Draws the bar, where somebody may see it.
  func show(done: Int) {
    guard isTerminal else { return }
    let elapsed = Double(MonotonicClock.nowNanoseconds() - startedAt) / 1e9
    Log.standardError("\r\(Self.line(done: done, of: runs, elapsed: elapsed))\u{1b}[K")
  }

  /// Takes the bar away.
  func clear() {
    if isTerminal { Log.standardError("\r\u{1b}[K") }
  }

  private static func line(done: Int, of runs: Int, elapsed: Double) -> String {
    let filled = width * done / max(runs, 1)
    let bar =
      String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    let left = done > 0 ? Int(elapsed / Double(done) * Double(runs - done)) : 0
    let seconds = left % 60
    return
      "\(bar) \(done) of \(runs) runs, about \(left / 60):\(seconds < 10 ? "0" : "")\(seconds) left"
  }
}
