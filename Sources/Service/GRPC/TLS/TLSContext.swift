import CNghttp2
import COpenSSL

/// OpenSSL's server context: one certificate chain, a policy, and HTTP/2 only.
final class TLSContext: @unchecked Sendable {
  private let context: OpaquePointer

  /// - Throws: `SystemError` when the chain or the key can't be read, or do not belong together, or
  ///   the policy's cipher suites can't be used.
  init(_ credentials: TLSCredentials, policy: TLSPolicy = TLSPolicy()) throws(SystemError) {
    ERR_clear_error()
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw Self.failure() }
    self.context = context
    guard policy.apply(to: context) else { throw Self.failure() }
    // Renegotiation lets a client spend our time at no cost of its own.
    SSL_CTX_set_options(context, co_no_renegotiation())
    // A buffer that could not be written at once may have moved by the time it is.
    co_set_mode(
      context,
      Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
    SSL_CTX_set_alpn_select_cb(context, Self.selectProtocol, nil)
    try useCertificates(credentials.certificateChain)
    try useKey(credentials.privateKey)
    guard SSL_CTX_check_private_key(context) == 1 else { throw Self.failure() }
  }

  deinit { SSL_CTX_free(context) }

  /// A server's side of one connection; the caller frees it.
  func makeSession(descriptor: Int32) -> OpaquePointer {
    guard let session = SSL_new(context), SSL_set_fd(session, descriptor) == 1 else {
      preconditionFailure("no memory for a TLS session")
    }
    SSL_set_accept_state(session)
    return session
  }

  private func useCertificates(_ pem: [UInt8]) throws(SystemError) {
    let source = try Self.reader(pem)
    defer { BIO_free(source) }
    guard let leaf = PEM_read_bio_X509(source, nil, nil, nil) else { throw Self.failure() }
    let status = SSL_CTX_use_certificate(context, leaf)
    X509_free(leaf)
    guard status == 1 else { throw Self.failure() }
    while let certificate = PEM_read_bio_X509(source, nil, nil, nil) {
      guard co_add_chain_certificate(context, certificate) == 1 else {
        X509_free(certificate)
        throw Self.failure()
      }
    }
    // The end of the file is an error of PEM's.
    ERR_clear_error()
  }

  private func useKey(_ pem: [UInt8]) throws(SystemError) {
    let source = try Self.reader(pem)
    defer { BIO_free(source) }
    guard let key = PEM_read_bio_PrivateKey(source, nil, nil, nil) else { throw Self.failure() }
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(context, key) == 1 else { throw Self.failure() }
  }

  /// Reads a copy of `pem`.
  private static func reader(_ pem: [UInt8]) throws(SystemError) -> OpaquePointer {
    guard let memory = BIO_new(BIO_s_mem()) else { throw failure() }
    guard pem.isEmpty || BIO_write(memory, pem, Int32(clamping: pem.count)) == pem.count else {
      BIO_free(memory)
      throw failure()
    }
    return memory
  }

  private static func failure() -> SystemError {
    let code = ERR_get_error()
    let reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? "unknown error"
    return SystemError("use the TLS credentials", reason: reason)
  }

  private static let selectProtocol: SSL_CTX_alpn_select_cb_func = {
    _, selected, selectedCount, offered, offeredCount, _ in
    guard let selected, let selectedCount, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    var choice: UnsafeMutablePointer<UInt8>?
    guard nghttp2_select_next_protocol(&choice, selectedCount, offered, offeredCount) == 1 else {
      return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    selected.pointee = UnsafePointer(choice)
    return SSL_TLSEXT_ERR_OK
  }
}

/// The TLS context that new connections get; it can be replaced while the server runs.
final class TLSContextBox: @unchecked Sendable {
  private let lock = Lock()
  private var context: TLSContext

  init(_ context: TLSContext) { self.context = context }

  var current: TLSContext { lock.withLock { context } }

  func replace(with context: TLSContext) { lock.withLock { self.context = context } }
}
