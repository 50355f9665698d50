import Glibc
import Service

extension ChildProcess {
  private static var stopSeconds: Double { 5 }
  private static var startSeconds: Double { 30 }

  /// Has it end, the hard way when it takes too long.
  func stop() {
    terminate()
    let deadline = Deadline(seconds: Self.stopSeconds)
    while isRunning, !deadline.hasPassed { Pause.microseconds(1000) }
    kill()
  }

  /// Looks until `condition` holds; throws with what the program said when it ends or takes too
  /// long.
  func wait(for what: String, until condition: () throws -> Bool) throws {
    let deadline = Deadline(seconds: Self.startSeconds)
    while try !condition() {
      guard isRunning else { throw failure("it ended before \(what)") }
      guard !deadline.hasPassed else { throw failure("it took too long until \(what)") }
      Pause.microseconds(2000)
    }
  }

  /// Waits until it accepts connections.
  func waitUntilListening(_ port: UInt16) throws {
    try wait(for: "it listened on port \(port)") { LoopbackSocket.canConnect(to: port) }
  }

  private func failure(_ reason: String) -> SystemError {
    SystemError("run a program", reason: "\(reason)\n\(lastWords)")
  }
}
