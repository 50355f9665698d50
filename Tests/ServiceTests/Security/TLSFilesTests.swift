import Foundation
import Service
import Testing

@Suite struct TLSFilesTests {
  private let certificates: TestCertificates

  init() throws {
    certificates = try TestCertificates()
    try certificates.make("a")
    try certificates.make("b")
  }

  private func follow(
    certificate: String, key: String, log: LogLines = LogLines(),
    _ onChange: @escaping TLSFiles.OnChange = { _ in }
  ) throws -> TLSFiles {
    try TLSFiles(
      certificate: certificate, key: key, log: Log(minimum: .info, to: { log.add($0) }),
      onChange: onChange)
  }

  private func pair(_ name: String) throws -> TLSCredentials {
    TLSCredentials(
      certificateChain: try certificates.bytes(certificates.certificate(name)),
      privateKey: try certificates.bytes(certificates.key(name)))
  }

  @Test func `a pair is told of when both files are new, and never in between`() throws {
    let changes = Arrivals<TLSCredentials>()
    let log = LogLines()
    let old = try pair("a")
    let files = try follow(
      certificate: certificates.certificate("a"), key: certificates.key("a"), log: log
    ) { changes.add($0) }
    #expect(files.credentials == old)
    try certificates.replace("a", by: "b", [certificates.certificate])
    try Deadline.wait { files.rejected.value > 0 }
    #expect(files.credentials == old)
    try certificates.replace("a", by: "b", [certificates.key])
    #expect(changes.next() == (try pair("b")))
    #expect(files.credentials == (try pair("b")))
    #expect(files.accepted.value == 2)
    #expect(log.all.count == 1)
    #expect(log.all[0].contains("does not belong to the certificate"))
    files.stop()
  }

  @Test func `files behind a link that is swapped are one change`() throws {
    let root = certificates.directory.path
    for (name, stem) in [("1", "a"), ("2", "b")] {
      try FileManager.default.createDirectory(
        atPath: "\(root)/\(name)", withIntermediateDirectories: true)
      try FileManager.default.moveItem(
        atPath: certificates.certificate(stem), toPath: "\(root)/\(name)/tls.crt")
      try FileManager.default.moveItem(
        atPath: certificates.key(stem), toPath: "\(root)/\(name)/tls.key")
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(root)/current", withDestinationPath: "1")
    let changes = Arrivals<TLSCredentials>()
    let log = LogLines()
    let files = try follow(
      certificate: "\(root)/current/tls.crt", key: "\(root)/current/tls.key", log: log
    ) { changes.add($0) }
    try FileManager.default.createSymbolicLink(atPath: "\(root)/next", withDestinationPath: "2")
    #expect(rename("\(root)/next", "\(root)/current") == 0)
    let new = try #require(changes.next())
    #expect(new.certificateChain == (try certificates.bytes("\(root)/2/tls.crt")))
    files.stop()
    #expect(log.all.isEmpty)
    #expect(files.accepted.value == 2)
  }

  @Test func `what is wrong with a file is said with its name`() throws {
    let good = (certificates.certificate("a"), certificates.key("a"))
    let missing = certificates.directory.path + "/missing"
    let other = certificates.key("b")
    try certificates.directory.write("nothing", to: "text")
    let text = certificates.directory.path + "/text"
    let locked = certificates.directory.path + "/locked"
    try certificates.run([
      "openssl", "ec", "-in", good.1, "-aes128", "-passout", "pass:secret", "-out", locked,
    ])
    for (certificate, key, message) in [
      (missing, good.1, "cannot read \(missing): No such file or directory"),
      (good.0, missing, "cannot read \(missing): No such file or directory"),
      (text, good.1, "cannot use the certificate \(text): it holds no certificate in PEM"),
      (
        good.0, text,
        "cannot use the key \(text): it holds no private key in PEM without a passphrase"
      ),
      (
        good.0, locked,
        "cannot use the key \(locked): it holds no private key in PEM without a passphrase"
      ),
      (
        good.0, other,
        "cannot use the key \(other): it does not belong to the certificate \(good.0)"
      ),
    ] {
      let error = #expect(throws: SystemError.self) {
        try follow(certificate: certificate, key: key)
      }
      #expect(error?.description == message)
    }
  }
}
