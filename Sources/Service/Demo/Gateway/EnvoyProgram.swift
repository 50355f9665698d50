import Glibc

/// Where Envoy is on this machine.
struct EnvoyProgram: Equatable {
  /// Gets Envoy in a project's folder.
  static let installation = "scripts/envoy/setup.sh"
  /// What is said when there is none.
  static var absence: String {
    "No Envoy in \(usualPlace), so this shows the indexer alone; \(installation) gets one.\n\n"
  }

  /// `$KV_ENVOY`, or `.envoy`.
  private static var usualPlace: String {
    getenv("KV_ENVOY").map { String(cString: $0) } ?? ".envoy"
  }

  let path: String

  /// Finds the program that was asked for; nil when the demo is to do without.
  ///
  /// - Throws: `DemoError.noEnvoy` when one was named and is not there.
  init?(_ choice: DemoOptions.Envoy) throws(DemoError) {
    switch choice {
    case .none: return nil
    case .at(let place):
      guard let program = Self.program(at: place) else { throw .noEnvoy(at: place) }
      path = program
    case .found:
      guard let program = Self.program(at: Self.usualPlace) else { return nil }
      path = program
    }
  }

  /// The program itself, or the one in a Python environment.
  private static func program(at place: String) -> String? {
    [place, place + "/bin/envoy"].first { path in
      var status = stat()
      return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && access(path, X_OK) == 0
    }
  }
}
