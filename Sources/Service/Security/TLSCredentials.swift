import COpenSSL

/// A server's certificate chain and its private key, both in PEM.
package struct TLSCredentials: Equatable, Sendable {
  package var certificateChain: [UInt8]
  package var privateKey: [UInt8]

  package init(certificateChain: [UInt8], privateKey: [UInt8]) {
    self.certificateChain = certificateChain
    self.privateKey = privateKey
  }

  /// What keeps a pair of files from being used.
  enum Fault: String, Error {
    case noCertificate = "it holds no certificate in PEM"
    case noKey = "it holds no private key in PEM without a passphrase"
    case mismatch = "it does not belong to the certificate"
  }

  /// Checks that the first certificate and the key can be read and belong together.
  func check() throws(Fault) {
    // What is refused here must not be found in the thread's error queue by who looks there next.
    defer { ERR_clear_error() }
    let certificate = Self.read(certificateChain) { PEM_read_bio_X509($0, nil, nil, nil) }
    guard let certificate else { throw .noCertificate }
    defer { X509_free(certificate) }
    let key = Self.read(privateKey) { stream in
      // Without the callback OpenSSL asks for a passphrase on the terminal.
      PEM_read_bio_PrivateKey(stream, nil, { _, _, _, _ in -1 }, nil)
    }
    guard let key else { throw .noKey }
    defer { EVP_PKEY_free(key) }
    guard X509_check_private_key(certificate, key) == 1 else { throw .mismatch }
  }

  private static func read(
    _ text: [UInt8], _ body: (OpaquePointer) -> OpaquePointer?
  ) -> OpaquePointer? {
    text.withUnsafeBytes { bytes in
      guard let stream = BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return nil }
      defer { BIO_free(stream) }
      return body(stream)
    }
  }
}
