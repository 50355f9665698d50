import Foundation
import Glibc
import Service

/// A real Envoy in front of a picker, ended with this object.
final class Envoy {
  struct NotReady: Error {}

  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../../..").standardized.path

  /// Whether `scripts/envoy/setup.sh` was run.
  static var isInstalled: Bool {
    let folder = ProcessInfo.processInfo.environment["KV_ENVOY"] ?? root + "/.envoy"
    return FileManager.default.isExecutableFile(atPath: folder + "/bin/envoy")
  }

  let port: UInt16
  /// For example `127.0.0.1:9901`.
  let admin: String
  private let process = Process()
  private let directory = try? TemporaryDirectory()

  /// - Parameters:
  ///   - port: The picker's.
  ///   - arguments: Of `scripts/envoy/run.sh`.
  init(extProc port: UInt16, _ arguments: [String] = []) throws {
    guard let directory else { throw NotReady() }
    try directory.write("", to: "output")
    let output = try FileHandle(
      forWritingTo: URL(fileURLWithPath: directory.path + "/output"))
    process.executableURL = URL(fileURLWithPath: Self.root + "/scripts/envoy/run.sh")
    process.arguments = ["--work", directory.path, "--ext-proc", "\(port)"] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    do {
      (admin, self.port) = try Self.addresses(process, directory.path)
    } catch {
      Self.end(process)
      throw error
    }
  }

  deinit { stop() }

  func stop() { Self.end(process) }

  private static func end(_ process: Process) {
    guard process.isRunning else { return }
    // A thread of Dispatch starts it, and all other signals are blocked there.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// What Envoy logged.
  var log: String {
    directory.flatMap { try? String(contentsOfFile: $0.path + "/envoy.log", encoding: .utf8) } ?? ""
  }

  private static func addresses(
    _ process: Process, _ directory: String
  ) throws -> (String, UInt16) {
    try Deadline.wait {
      guard process.isRunning else {
        throw Subprocess.Failed(
          description: try String(contentsOfFile: directory + "/output", encoding: .utf8))
      }
      guard let admin = try? String(contentsOfFile: directory + "/admin", encoding: .utf8),
        admin.contains(":"), let port = try? listenerPort(admin)
      else { return nil }
      return (admin, port)
    }
  }

  private static func listenerPort(_ admin: String) throws -> UInt16? {
    var client = try HTTPClient(.url("http://\(admin)"))
    guard try client.get("/ready").status == 200 else { return nil }
    let text = try client.get("/listeners").text
    return text.split(separator: ":").last.flatMap {
      UInt16($0.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }
}
