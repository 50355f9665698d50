import Foundation
import Service

/// Certificates that sign themselves, made by openssl.
enum TestCertificate {
  static func path(_ directory: TemporaryDirectory) -> String { directory.path + "/tls.crt" }

  /// Makes a new one, in the place of the one before.
  static func make(_ host: String, in directory: TemporaryDirectory) throws -> TLSCredentials {
    let key = directory.path + "/tls.key"
    try Subprocess.run(
      "/usr/bin/openssl",
      [
        "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
        "-keyout", key, "-out", path(directory), "-days", "2", "-subj", "/CN=\(host)", "-addext",
        "subjectAltName=DNS:\(host),IP:127.0.0.1",
      ])
    return TLSCredentials(
      certificateChain: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path(directory)))),
      privateKey: [UInt8](try Data(contentsOf: URL(fileURLWithPath: key))))
  }
}
