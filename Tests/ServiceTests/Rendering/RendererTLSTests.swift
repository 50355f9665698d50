import COpenSSL
import Foundation
import Service
import Testing

/// A certificate that signs itself, for 127.0.0.1.
private struct Certificate {
  let directory: TemporaryDirectory
  var file: String { directory.path + "/certificate.pem" }
  var key: String { directory.path + "/key.pem" }

  init() throws {
    directory = try TemporaryDirectory()
    try Subprocess.run(
      "/usr/bin/openssl",
      ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-nodes", "-days", "2", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
        + ["-keyout", key, "-out", file])
  }
}

/// Answers every request over TLS with the token id 7.
private final class TLSServer: @unchecked Sendable {
  private let context: OpaquePointer
  private let server: ConnectionServer
  var url: String { "https://127.0.0.1:\(server.port)" }
  let authorizations = LogLines()

  init(_ certificate: Certificate) throws {
    let context = try #require(SSL_CTX_new(TLS_server_method()))
    try #require(SSL_CTX_use_certificate_chain_file(context, certificate.file) == 1)
    try #require(SSL_CTX_use_PrivateKey_file(context, certificate.key, SSL_FILETYPE_PEM) == 1)
    self.context = context
    nonisolated(unsafe) let shared = context
    let authorizations = authorizations
    server = try ConnectionServer { descriptor in
      guard let tls = SSL_new(shared) else { return }
      defer { SSL_free(tls) }
      SSL_set_fd(tls, descriptor)
      guard SSL_accept(tls) == 1 else { return }
      while let request = ConnectionServer.request({ Self.read(tls) }) {
        authorizations.add(request)
        let isTokenizer = request.hasPrefix("POST /tokenize")
        let text = ConnectionServer.answer(
          isTokenizer ? #"{"tokens":[7]}"# : #"[{"token_ids":[7]}]"#)
        _ = text.withCString { SSL_write(tls, $0, Int32(text.utf8.count)) }
      }
    }
  }

  func stop() {
    server.stop()
    SSL_CTX_free(context)
  }

  private static func read(_ tls: OpaquePointer) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = SSL_read(tls, &buffer, Int32(buffer.count))
    return Array(buffer.prefix(Int(max(0, count))))
  }
}

@Suite struct RendererTLSTests {
  private func harness(
    _ server: TLSServer, _ security: HTTPClient.Security
  ) throws -> RendererHarness {
    let endpoint = RenderEndpoint(name: "tls", server: .url(server.url))
    return try RendererHarness(.fixed(endpoint)) { $0.security = security }
  }

  @Test func `a renderer is asked over TLS, with a key`() throws {
    let certificate = try Certificate()
    let server = try TLSServer(certificate)
    let harness = try harness(
      server, HTTPClient.Security(authorityFile: certificate.file, bearerToken: "secret"))
    defer {
      harness.stop()
      server.stop()
    }
    try harness.wait(for: .ready)
    #expect(try harness.render("x").tokens == [7])
    #expect(server.authorizations.count("Authorization: Bearer secret") >= 3)
  }

  @Test(arguments: [true, false])
  func `a certificate of an unknown authority is refused`(_ isOther: Bool) throws {
    let server = try TLSServer(try Certificate())
    let other = try Certificate()
    let harness = try harness(
      server, HTTPClient.Security(authorityFile: isOther ? other.file : nil))
    defer {
      harness.stop()
      server.stop()
    }
    try harness.wait(for: .unreachable)
    #expect(harness.renderAtOnce(RendererHarness.request("x"))?.failure?.kind == .noneUsable)
    #expect(server.authorizations.count("POST") == 0)
    var client = try HTTPClient(
      .url(server.url), security: HTTPClient.Security(authorityFile: other.file))
    let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
    #expect(error?.kind == .untrusted)
  }

  @Test func `a key with a line break is refused before it is sent`() throws {
    var client = try HTTPClient(
      .url("http://127.0.0.1:1"), security: HTTPClient.Security(bearerToken: "a\r\nX-Evil: b"))
    let error = #expect(throws: HTTPClientError.self) { try client.get("/") }
    #expect(error?.kind == .badHeader)
  }
}
