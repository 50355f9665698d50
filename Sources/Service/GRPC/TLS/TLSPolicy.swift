internal import COpenSSL

/// What a server asks of its clients' TLS.
package struct TLSPolicy: Sendable, Equatable {
  /// Named as Kubernetes' programs name them.
  package enum Version: String, Sendable, CaseIterable {
    case tls12 = "VersionTLS12"
    case tls13 = "VersionTLS13"

    fileprivate var number: Int32 {
      switch self {
      case .tls12: TLS1_2_VERSION
      case .tls13: TLS1_3_VERSION
      }
    }
  }

  package var minimumVersion = Version.tls12
  /// By IANA's names, the best one first; empty for OpenSSL's choice.
  ///
  /// Suites of TLS 1.3 and of earlier versions are separate lists in the protocol too: where one of
  /// them is not mentioned it stays as it is.
  package var cipherSuites: [String] = []

  package init() {}

  /// Whether this system's OpenSSL knows a cipher suite of that name.
  package static func isCipherSuite(_ name: String) -> Bool { openSSLName(name) != nil }

  /// Whether clients of TLS 1.2 can agree on a suite with a server that has an ECDSA key.
  var allowsECDSA: Bool {
    let old = cipherSuites.filter { !Self.isOfTLS13($0) }
    return old.isEmpty || old.contains { $0.contains("_ECDSA_") }
  }

  /// Configures OpenSSL; false when it refuses.
  func apply(to context: OpaquePointer) -> Bool {
    let names = cipherSuites.compactMap { name in Self.openSSLName(name).map { (name, $0) } }
    let new = names.filter { Self.isOfTLS13($0.0) }.map(\.1)
    let old = names.filter { !Self.isOfTLS13($0.0) }.map(\.1)
    return names.count == cipherSuites.count
      && co_set_min_proto_version(context, minimumVersion.number) == 1
      && (old.isEmpty || SSL_CTX_set_cipher_list(context, old.joined(separator: ":")) == 1)
      && (new.isEmpty || SSL_CTX_set_ciphersuites(context, new.joined(separator: ":")) == 1)
  }

  /// Names of TLS 1.3 say nothing of a key exchange.
  private static func isOfTLS13(_ name: String) -> Bool { !name.contains("_WITH_") }

  private static func openSSLName(_ name: String) -> String? {
    let found = OPENSSL_cipher_name(name).map { String(cString: $0) }
    return found == "(NONE)" ? nil : found
  }
}
