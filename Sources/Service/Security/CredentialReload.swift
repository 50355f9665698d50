/// Hands new credentials to servers that are made after the files are watched.
final class CredentialReload: @unchecked Sendable {
  private let lock = Lock()
  private var servers: (http: HTTPServer?, grpc: GRPCServer?, log: Log)?
  private var pending: TLSCredentials?

  func take(_ credentials: TLSCredentials) {
    let servers = lock.withLock {
      if self.servers == nil { pending = credentials }
      return self.servers
    }
    guard let servers else { return }
    do throws(SystemError) {
      try servers.http?.reload(credentials)
      try servers.grpc?.reload(credentials)
      servers.log(.info, "the TLS certificate was replaced")
    } catch {
      servers.log(.error, "\(error); the last good certificate stays in force")
    }
  }

  /// - Parameter used: What the servers were started with.
  func give(to http: HTTPServer?, _ grpc: GRPCServer?, unless used: TLSCredentials?, _ log: Log) {
    let missed = lock.withLock {
      servers = (http, grpc, log)
      return pending
    }
    if let missed, missed != used { take(missed) }
  }
}
