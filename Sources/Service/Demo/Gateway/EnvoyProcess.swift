import Glibc

/// A running Envoy, which ends with this process however that ends.
final class EnvoyProcess: @unchecked Sendable {
  private static let logBytesMax = 1 << 20
  private static let logLines = 12

  private let id: pid_t
  private let logFile: String
  private let lock = Lock()
  /// Under the lock.
  private var hasEnded = false

  /// Starts a program with a configuration.
  ///
  /// `setpriv`, of Debian's essential util-linux, has the kernel end it when the thread that started
  /// it is gone: Swift can't fork.
  init(_ program: EnvoyProgram, configuration: String, logFile: String) throws(SystemError) {
    self.logFile = logFile
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, logFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Ctrl-C in a terminal is for the demo alone, which has requests to finish first.
    posix_spawnattr_setpgroup(&attributes, 0)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
    let words = Self.cStrings([
      "setpriv", "--pdeathsig", "KILL", program.path, "-c", configuration, "--concurrency", "1",
      "--disable-hot-restart", "--log-level", "warning",
    ])
    let path = getenv("PATH").map { "PATH=" + String(cString: $0) }
    let variables = Self.cStrings([path].compactMap(\.self))
    defer { for text in words + variables { free(text) } }
    var child = pid_t()
    let status = posix_spawnp(&child, "setpriv", &actions, &attributes, words, variables)
    guard status == 0 else { throw SystemError("start setpriv", errno: status) }
    id = child
  }

  deinit { stop() }

  /// The texts and the null that ends them; to be freed.
  private static func cStrings(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
    texts.map { strdup($0) } + [nil]
  }

  var isRunning: Bool {
    lock.withLock {
      guard !hasEnded else { return false }
      var status: Int32 = 0
      hasEnded = waitpid(id, &status, WNOHANG) != 0
      return !hasEnded
    }
  }

  /// Ends it at once: it keeps nothing.
  func stop() {
    lock.withLock {
      guard !hasEnded else { return }
      kill(id, SIGKILL)
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      hasEnded = true
    }
  }

  /// The last lines that it said.
  var lastWords: String {
    do throws(SystemError) {
      let text = String(
        decoding: try FileBytes.read(logFile, atMost: Self.logBytesMax), as: UTF8.self)
      return text.split(separator: "\n").suffix(Self.logLines).joined(separator: "\n")
    } catch {
      return "\(error)"
    }
  }
}
