import Foundation

/// Certificates for 127.0.0.1 that sign themselves, made by the openssl command.
struct TestCertificates {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// Makes a certificate and its key.
  ///
  /// - Parameter name: Its common name, and the stem of its files.
  func make(_ name: String) throws {
    try run([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
      "-nodes", "-keyout", key(name), "-out", certificate(name), "-days", "2",
      "-subj", "/CN=\(name)", "-addext", "subjectAltName=IP:127.0.0.1",
    ])
  }

  func certificate(_ name: String) -> String { "\(directory.path)/\(name).crt" }
  func key(_ name: String) -> String { "\(directory.path)/\(name).key" }

  /// Puts the files of one name in the place of another's, each in one step.
  func replace(_ name: String, by other: String, _ parts: [(String) -> String]? = nil) throws {
    for part in parts ?? [certificate, key] {
      let copy = part(other) + ".copy"
      try Data(contentsOf: URL(fileURLWithPath: part(other)))
        .write(to: URL(fileURLWithPath: copy))
      guard rename(copy, part(name)) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
  }

  func bytes(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  /// Runs a command and returns what it prints; a failing one throws.
  @discardableResult
  func run(_ arguments: [String]) throws -> String {
    try Subprocess.run("/usr/bin/env", arguments)
  }
}
