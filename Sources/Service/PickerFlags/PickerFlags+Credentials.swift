extension PickerFlags {
  /// The certificate of the ext_proc port, and what keeps it up to date.
  package struct Credentials: Sendable {
    /// Nil to serve without TLS.
    package var current: TLSCredentials?
    /// Nil where nothing is followed.
    package var files: TLSFiles?
  }

  /// Makes or reads the certificate.
  ///
  /// - Parameter onChange: Told of every later pair, where the files are followed.
  /// - Throws: `SystemError` that names the file and its fault.
  package func credentials(
    log: Log, onChange: @escaping TLSFiles.OnChange
  ) throws(SystemError) -> Credentials {
    switch serving {
    case .plain: return Credentials()
    case .selfSigned: return Credentials(current: try SelfSignedCertificate.make(for: tls))
    case .files(let paths, let reloads):
      let files = try TLSFiles(
        certificate: paths.certificate, key: paths.key, log: log, onChange: onChange)
      guard reloads else {
        files.stop()
        return Credentials(current: files.credentials)
      }
      return Credentials(current: files.credentials, files: files)
    }
  }
}
