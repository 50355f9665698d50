import Glibc
import Service

/// A program that a benchmark starts, measures and stops.
final class ChildProcess {
  /// What it has used so far.
  struct Usage {
    var processorNanoseconds: UInt64
    var residentBytes: Int
  }

  private static let stopSeconds = 5.0
  private static let startSeconds = 30.0

  private let name: String
  private let id: pid_t
  private let outputFile: String
  private var hasEnded = false

  /// Starts `executable`.
  ///
  /// - Parameter outputFile: Takes both its output and its errors.
  init(_ executable: String, _ arguments: [String], outputFile: String) throws {
    name = String(executable.split(separator: "/").last ?? "")
    self.outputFile = outputFile
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, outputFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    let environment = try FileBytes.read("/proc/self/environ", atMost: 4 << 20)
      .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    let words = Self.cStrings([executable] + arguments)
    let variables = Self.cStrings(environment)
    defer { for text in words + variables { free(text) } }
    var child = pid_t()
    let status = posix_spawn(&child, executable, &actions, nil, words, variables)
    guard status == 0 else { throw SystemError("start \(executable)", errno: status) }
    id = child
  }

  deinit { stop() }

  /// The texts and the null that ends them; to be freed.
  private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
    texts.map { strdup($0) } + [nil]
  }

  /// Has it end, the hard way when it takes too long.
  func stop() {
    guard isRunning else { return }
    kill(id, SIGTERM)
    let deadline = Deadline(seconds: Self.stopSeconds)
    while isRunning {
      if deadline.hasPassed { kill(id, SIGKILL) }
      Pause.microseconds(1000)
    }
  }

  private var isRunning: Bool {
    guard !hasEnded else { return false }
    var status: Int32 = 0
    hasEnded = waitpid(id, &status, WNOHANG) != 0
    return !hasEnded
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

  /// A failure with the last lines of what the program said.
  private func failure(_ reason: String) -> SystemError {
    let said: String
    do throws(SystemError) {
      said = String(decoding: try FileBytes.read(outputFile, atMost: 64 << 20), as: UTF8.self)
    } catch {
      said = "\(error)"
    }
    let lines = said.split(separator: "\n").suffix(12).map { "\n  \($0)" }.joined()
    return SystemError("run \(name)", reason: reason + lines)
  }

  /// From `/proc/PID/stat`, in whose ticks of 10 ms a measurement of seconds is exact enough.
  func usage() throws -> Usage {
    let file = "/proc/\(id)/stat"
    let text = String(decoding: try FileBytes.read(file, atMost: 4096), as: UTF8.self)
    // Before it is the program's name, which may have spaces.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
      let pages = Int(fields[21])
    else { throw failure("its \(file) is '\(text)'") }
    let ticksPerSecond = UInt64(sysconf(Int32(_SC_CLK_TCK)))
    return Usage(
      processorNanoseconds: (user + system) * (1_000_000_000 / ticksPerSecond),
      residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)))
  }
}
