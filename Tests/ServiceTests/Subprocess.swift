import Foundation

/// Programs that tests run to their end.
enum Subprocess {
  struct Failed: Error, CustomStringConvertible {
    var description: String
  }

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
      throw Failed(description: "\(program) \(arguments): \(said)")
    }
    return try String(contentsOf: files[1], encoding: .utf8)
  }
}
