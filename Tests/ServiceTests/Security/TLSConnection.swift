import Foundation

/// A TLS connection that stays open over several requests: `openssl s_client`.
final class TLSConnection {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(port: UInt16, certificate: String) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "openssl", "s_client", "-quiet", "-verify_return_error", "-CAfile", certificate,
      "-connect", "127.0.0.1:\(port)",
    ]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
  }

  func send(_ text: String) throws {
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
  }

  /// What arrives until it ends in `end`, or the server closes.
  func read(until end: String) -> String {
    var received = Data()
    while true {
      let piece = output.fileHandleForReading.availableData
      received += piece
      let text = String(decoding: received, as: UTF8.self)
      if piece.isEmpty || text.hasSuffix(end) { return text }
    }
  }

  /// Everything until the server closes.
  func readToEnd() -> String {
    String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
  }
}
