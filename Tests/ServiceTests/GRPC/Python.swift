import Foundation

/// Debian's Python, which has grpcio and protobuf from Debian's packages (`scripts/deps.sh`).
enum Python {
  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

  static let scripts = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../../scripts/grpc").standardized

  /// Runs a script of `scripts/grpc`, and throws what it said when it fails.
  @discardableResult
  static func run(
    _ script: String, _ arguments: [String], input: String = ""
  ) throws -> String {
    try Subprocess.run(
      "/usr/bin/python3", ["-B", scripts.appendingPathComponent(script).path] + arguments,
      input: input)
  }
}

enum Subprocess {
  /// Runs a program to its end.
  ///
  /// It reads and writes files: the ends of pipes would leak into programs that other tests start
  /// at the same time, and stay open there.
  @discardableResult
  static func run(
    _ program: String, _ arguments: [String], input: String = ""
  ) throws -> String {
    let directory = try TemporaryDirectory()
    let files = try ["input", "output", "errors"].map { name in
      try directory.write(name == "input" ? input : "", to: name)
      return URL(fileURLWithPath: directory.path + "/" + name)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: files[0])
    process.standardOutput = try FileHandle(forWritingTo: files[1])
    process.standardError = try FileHandle(forWritingTo: files[2])
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = try String(contentsOf: files[2], encoding: .utf8)
      throw Python.Failed(description: "\(program) \(arguments): \(said)")
    }
    return try String(contentsOf: files[1], encoding: .utf8)
  }
}
