internal import COpenSSL

/// A certificate that vouches for itself, for gateways that encrypt and do not ask who answers.
package enum SelfSignedCertificate {
  /// The kind of key; one of elliptic curves is made in less than a millisecond.
  package enum Key: Sendable {
    case ecdsaP256
    /// For clients that can do no other; takes about a tenth of a second.
    case rsa2048
  }

  private static let organization = "Inference Ext"
  private static let lifeSeconds = 10 * 365 * 24 * 3600
  private static let serialBits: Int32 = 127

  /// Makes a key and its certificate, valid for ten years from now.
  ///
  /// - Parameters:
  ///   - key: What to make; by default what is quick.
  ///   - names: Alternative names in OpenSSL's spelling.
  /// - Throws: `SystemError` when OpenSSL can't, for want of memory or randomness.
  package static func make(
    key: Key = .ecdsaP256, names: [String] = ["DNS:localhost", "IP:127.0.0.1", "IP:::1"]
  ) throws(SystemError) -> TLSCredentials {
    ERR_clear_error()
    guard let pair = makeKey(key) else { throw failure() }
    defer { EVP_PKEY_free(pair) }
    guard let certificate = X509_new() else { throw failure() }
    defer { X509_free(certificate) }
    guard fill(certificate, pair, names: names.joined(separator: ",")) else { throw failure() }
    guard X509_sign(certificate, pair, EVP_sha256()) > 0 else { throw failure() }
    return TLSCredentials(
      certificateChain: try pem { PEM_write_bio_X509($0, certificate) },
      privateKey: try pem { PEM_write_bio_PrivateKey($0, pair, nil, nil, 0, nil, nil) })
  }

  /// The certificate for a server with this policy.
  ///
  /// Clients of TLS 1.2 need a suite for the key that there is.
  package static func make(for policy: TLSPolicy) throws(SystemError) -> TLSCredentials {
    try make(key: policy.allowsECDSA ? .ecdsaP256 : .rsa2048)
  }

  private static func makeKey(_ key: Key) -> OpaquePointer? {
    switch key {
    case .ecdsaP256: co_make_ec_key("P-256")
    case .rsa2048: co_make_rsa_key(2048)
    }
  }

  private static func fill(
    _ certificate: OpaquePointer, _ key: OpaquePointer, names: String
  ) -> Bool {
    // Version 3 is written as 2.
    guard X509_set_version(certificate, 2) == 1, setSerialNumber(certificate),
      X509_gmtime_adj(X509_getm_notBefore(certificate), 0) != nil,
      X509_gmtime_adj(X509_getm_notAfter(certificate), lifeSeconds) != nil,
      X509_set_pubkey(certificate, key) == 1,
      let subject = X509_get_subject_name(certificate),
      X509_NAME_add_entry_by_txt(
        subject, "O", Int32(MBSTRING_UTF8), organization, -1, -1, 0) == 1,
      X509_set_issuer_name(certificate, subject) == 1
    else { return false }
    return add(NID_subject_alt_name, names, to: certificate)
      && add(NID_basic_constraints, "critical,CA:FALSE", to: certificate)
      && add(NID_ext_key_usage, "serverAuth", to: certificate)
  }

  private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
    guard let number = BN_new() else { return false }
    defer { BN_free(number) }
    return BN_rand(number, serialBits, -1, 0) == 1
      && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
  }

  private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) -> Bool {
    guard let item = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return false }
    defer { X509_EXTENSION_free(item) }
    return X509_add_ext(certificate, item, -1) == 1
  }

  /// What `write` writes.
  private static func pem(_ write: (OpaquePointer) -> Int32) throws(SystemError) -> [UInt8] {
    guard let stream = BIO_new(BIO_s_mem()) else { throw failure() }
    defer { BIO_free(stream) }
    guard write(stream) == 1 else { throw failure() }
    var text: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = BIO_read(stream, &piece, Int32(piece.count))
      guard count > 0 else { return text }
      text += piece.prefix(Int(count))
    }
  }

  private static func failure() -> SystemError {
    let reason = ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) }
    return SystemError("make a certificate", reason: reason ?? "unknown error")
  }
}
