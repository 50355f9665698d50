import Foundation
import Testing

@testable import Service

@Suite struct SelfSignedCertificateTests {
  private func description(_ credentials: TLSCredentials) throws -> String {
    try Subprocess.run(
      "/usr/bin/openssl", ["x509", "-noout", "-text"],
      input: String(decoding: credentials.certificateChain, as: UTF8.self))
  }

  @Test func `it is an elliptic curve's, of the organisation that llm-d names, for this machine`()
    throws
  {
    let credentials = try SelfSignedCertificate.make()
    try credentials.check()
    let text = try description(credentials)
    #expect(text.contains("Subject: O = Inference Ext"))
    #expect(text.contains("Issuer: O = Inference Ext"))
    #expect(text.contains("prime256v1"))
    #expect(text.contains("DNS:localhost, IP Address:127.0.0.1"))
    #expect(text.contains("Version: 3"))
    let other = try SelfSignedCertificate.make()
    #expect(other != credentials)
  }

  @Test func `it is valid from now for ten years`() throws {
    let credentials = try SelfSignedCertificate.make()
    let days = { (count: Int) in "\(count * 24 * 3600)" }
    let text = String(decoding: credentials.certificateChain, as: UTF8.self)
    let arguments = ["x509", "-noout", "-checkend"]
    try Subprocess.run("/usr/bin/openssl", arguments + [days(3649)], input: text)
    #expect(throws: Subprocess.Failed.self) {
      try Subprocess.run("/usr/bin/openssl", arguments + [days(3651)], input: text)
    }
  }

  @Test func `a policy without suites for it gets an RSA key`() throws {
    var policy = TLSPolicy()
    policy.cipherSuites = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]
    #expect(try description(SelfSignedCertificate.make(for: policy)).contains("rsaEncryption"))
    policy.cipherSuites.append("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
    #expect(try !description(SelfSignedCertificate.make(for: policy)).contains("rsaEncryption"))
    policy.cipherSuites = ["TLS_AES_128_GCM_SHA256"]
    #expect(try !description(SelfSignedCertificate.make(for: policy)).contains("rsaEncryption"))
  }

  /// What a client of `version` with these suites agrees on; nil when there is nothing.
  private func agreed(_ version: String, with policy: TLSPolicy) throws -> String? {
    let server = try GRPCServer(
      [.tcp(host: "127.0.0.1", port: 0)], router: GRPCRouter(),
      credentials: try SelfSignedCertificate.make(for: policy), tlsPolicy: policy)
    defer { server.stop(waitingAtMost: .zero) }
    let output = try? Subprocess.run(
      "/usr/bin/openssl",
      ["s_client", "-connect", "\(server.addresses[0])", "-alpn", "h2", "-\(version)"])
    return output?.split(separator: "\n").first { $0.contains("Cipher is") }.map(String.init)
  }

  @Test func `a server keeps to its policy`() throws {
    var policy = TLSPolicy()
    #expect(try agreed("tls1_2", with: policy)?.contains("ECDSA") == true)
    #expect(try agreed("tls1_3", with: policy)?.contains("TLSv1.3") == true)
    policy.cipherSuites = ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256"]
    let old = try agreed("tls1_2", with: policy)
    #expect(old?.hasSuffix("ECDHE-RSA-AES256-GCM-SHA384") == true)
    let new = try agreed("tls1_3", with: policy)
    #expect(new?.hasSuffix("TLS_AES_128_GCM_SHA256") == true)
    policy.minimumVersion = .tls13
    #expect(try agreed("tls1_2", with: policy) == nil)
  }

  @Test func `the flags' certificate is made, read or left out`() throws {
    let words = ["--config-text=x"]
    let ignored: TLSFiles.OnChange = { _ in }
    let made = try PickerFlags(parsing: words).credentials(
      log: Log(minimum: .error), onChange: ignored)
    #expect(made.current != nil && made.files == nil)
    let plain = try PickerFlags(parsing: words + ["--secure-serving=false"])
      .credentials(log: Log(minimum: .error), onChange: ignored)
    #expect(plain.current == nil)
    let directory = try TemporaryDirectory()
    let pair = try TestCertificate.make("localhost", in: directory)
    let flags = try PickerFlags(
      parsing: words + ["--cert-path=\(directory.path)", "--enable-cert-reload"])
    let read = try flags.credentials(log: Log(minimum: .error), onChange: ignored)
    #expect(read.current == pair)
    read.files?.stop()
    #expect(throws: SystemError.self) {
      try PickerFlags(parsing: words + ["--cert-path=/nowhere"])
        .credentials(log: Log(minimum: .error), onChange: ignored)
    }
  }
}
