import Glibc

/// A program that this process starts, watches and stops; it ends with this object.
package final class ChildProcess: @unchecked Sendable {
  /// What it has used so far.
  package struct Usage {
    package var processorNanoseconds: UInt64
    package var residentBytes: Int
  }

  private static let logBytesMax = 64 << 20
  private static let logLines = 12

  private let id: pid_t
  private let outputFile: String
  private let lock = Lock()
  /// Under the lock.
  private var hasEnded = false

  /// Starts `executable`, which is looked for in `PATH`.
  ///
  /// It is in a process group of its own: what a terminal sends is for its parent, which stops it.
  /// The kernel ends it with the thread that starts it (`setpriv` of Debian's essential util-linux:
  /// Swift can't fork), so that nothing is left behind, however its parent ends.
  ///
  /// - Parameter outputFile: Takes both its output and its errors.
  package init(_ executable: String, _ arguments: [String], outputFile: String) throws(SystemError)
  {
    self.outputFile = outputFile
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, outputFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setpgroup(&attributes, 0)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    let environment = try FileBytes.read("/proc/self/environ", atMost: 4 << 20)
      .split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    let words = Self.cStrings(["setpriv", "--pdeathsig", "KILL", executable] + arguments)
    let variables = Self.cStrings(environment)
    defer { for text in words + variables { free(text) } }
    var child = pid_t()
    let status = posix_spawnp(&child, "setpriv", &actions, &attributes, words, variables)
    guard status == 0 else { throw SystemError("start setpriv", errno: status) }
    id = child
  }

  deinit { kill() }

  /// The texts and the null that ends them; to be freed.
  private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
    texts.map { strdup($0) } + [nil]
  }

  package var isRunning: Bool {
    lock.withLock {
      guard !hasEnded else { return false }
      var status: Int32 = 0
      hasEnded = waitpid(id, &status, WNOHANG) != 0
      return !hasEnded
    }
  }

  /// Asks it to end.
  package func terminate() {
    lock.withLock { if !hasEnded { _ = Glibc.kill(id, SIGTERM) } }
  }

  /// Ends it at once.
  package func kill() {
    lock.withLock {
      guard !hasEnded else { return }
      _ = Glibc.kill(id, SIGKILL)
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      hasEnded = true
    }
  }

  /// The last lines that it said.
  package var lastWords: String {
    do throws(SystemError) {
      let text = String(
        decoding: try FileBytes.read(outputFile, atMost: Self.logBytesMax), as: UTF8.self)
      return text.split(separator: "\n").suffix(Self.logLines).joined(separator: "\n")
    } catch {
      return "\(error)"
    }
  }

  /// From `/proc/PID/stat`, in whose ticks of 10 ms a measurement of seconds is exact enough.
  package func usage() throws(SystemError) -> Usage {
    let file = "/proc/\(id)/stat"
    let text = String(decoding: try FileBytes.read(file, atMost: 4096), as: UTF8.self)
    // Before it is the program's name, which may have spaces.
    let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
    guard fields.count > 21, let user = UInt64(fields[11]), let system = UInt64(fields[12]),
      let pages = Int(fields[21])
    else { throw SystemError("read \(file)", reason: "it is '\(text)'") }
    let ticksPerSecond = UInt64(sysconf(Int32(_SC_CLK_TCK)))
    return Usage(
      processorNanoseconds: (user + system) * (1_000_000_000 / ticksPerSecond),
      residentBytes: pages * sysconf(Int32(_SC_PAGESIZE)))
  }
}
