import Foundation

/// Debian's Python, which has grpcio and protobuf from Debian's packages (`scripts/deps.sh`).
enum Python {
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
