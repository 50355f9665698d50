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
  /// Runs a program to its end; its input must be small or its output late.
  @discardableResult
  static func run(
    _ program: String, _ arguments: [String], input: String = ""
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    let (inputPipe, outputPipe, errorPipe) = (Pipe(), Pipe(), Pipe())
    process.standardInput = inputPipe
    process.standardOutput = outputPipe
    process.standardError = errorPipe
    try process.run()
    try inputPipe.fileHandleForWriting.write(contentsOf: Data(input.utf8))
    try inputPipe.fileHandleForWriting.close()
    let output = try outputPipe.fileHandleForReading.readToEnd() ?? Data()
    let errors = try errorPipe.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let said = String(decoding: errors, as: UTF8.self)
      throw Python.Failed(description: "\(program) \(arguments): \(said)")
    }
    return String(decoding: output, as: UTF8.self)
  }
}
