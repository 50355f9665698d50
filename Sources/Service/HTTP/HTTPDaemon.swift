import CMHD
import Glibc

/// libmicrohttpd's threads behind one listening socket.
///
/// It serves from its initialiser until `stop`, which has to be called.
final class HTTPDaemon: @unchecked Sendable {
  /// TLS 1.2 and 1.3, in GnuTLS's words.
  private static let tlsPriorities = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

  let exchanges: HTTPExchanges
  private let daemon: OpaquePointer
  private let lock = Lock()
  /// What libmicrohttpd gave back when it stopped accepting, or nil while it accepts.
  private var returned: Int32?
  private var hasStopped = false

  /// Accepts and serves connections.
  ///
  /// - Parameters:
  ///   - socket: It stays its owner's; the daemon uses a descriptor of its own.
  ///   - credentials: For TLS; nil is plain HTTP.
  init(
    _ socket: borrowing ListeningSocket, credentials: TLSCredentials?, _ exchanges: HTTPExchanges
  ) throws(SystemError) {
    let descriptor = try socket.duplicate()
    var (flags, options) = Self.options(exchanges.limits, Unmanaged.passUnretained(exchanges))
    options.append(Self.option(.LISTEN_SOCKET, Int(descriptor)))
    let context = Unmanaged.passUnretained(exchanges).toOpaque()
    let daemon =
      if let credentials {
        Self.start(flags, options, credentials, context)
      } else {
        Self.start(flags, options, context)
      }
    guard let daemon else {
      close(descriptor)
      throw SystemError("serve \(socket.address)", reason: "libmicrohttpd did not start")
    }
    self.exchanges = exchanges
    self.daemon = daemon
  }

  /// Accepts no more connections, and lets those that are open close after their next answer.
  func quiesce() {
    exchanges.startDraining()
    lock.withLock {
      if returned == nil { returned = MHD_quiesce_daemon(daemon) }
    }
  }

  var isStopped: Bool { lock.withLock { hasStopped } }

  /// Answers the requests that have begun, closes all connections and ends the threads.
  ///
  /// - Returns: Requests that were cut off because the limit passed.
  @discardableResult
  func stop(waitingAtMost limit: Duration) -> Int {
    quiesce()
    let cutOff = exchanges.inFlight.waitForZero(atMost: limit) ?? 0
    // libmicrohttpd must not be stopped while it has suspended connections.
    exchanges.abandonSuspended()
    lock.withLock {
      guard !hasStopped else { return }
      hasStopped = true
      MHD_stop_daemon(daemon)
      // The descriptor is ours to close once no thread polls it.
      if let returned, returned >= 0 { close(returned) }
    }
    exchanges.metrics.refusals[.stopped].add(cutOff)
    return cutOff
  }

  // MARK: Start

  private static func start(
    _ flags: UInt32, _ options: [MHD_OptionItem], _ context: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    var options = options + [option(.END, 0)]
    return options.withUnsafeMutableBufferPointer { options in
      withVaList([
        MHD_OPTION.ARRAY.rawValue, Int(bitPattern: options.baseAddress), MHD_OPTION.END.rawValue,
      ]) { MHD_start_daemon_va(flags, 0, nil, nil, accessCallback, context, $0) }
    }
  }

  /// Starts a daemon for TLS, which reads the certificate and the key while it starts.
  private static func start(
    _ flags: UInt32, _ options: [MHD_OptionItem], _ credentials: TLSCredentials,
    _ context: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    // C strings: what is in PEM has no zero bytes.
    var certificate = credentials.certificateChain + [0]
    var key = credentials.privateKey + [0]
    var priorities = Array(tlsPriorities.utf8) + [0]
    return certificate.withUnsafeMutableBytes { certificate in
      key.withUnsafeMutableBytes { key in
        priorities.withUnsafeMutableBytes { priorities in
          let tls = [
            (MHD_OPTION.HTTPS_MEM_CERT, certificate), (.HTTPS_MEM_KEY, key),
            (.HTTPS_PRIORITIES, priorities),
          ].map { MHD_OptionItem(option: $0, value: 0, ptr_value: $1.baseAddress) }
          return start(flags | MHD_USE_TLS.rawValue, options + tls, context)
        }
      }
    }
  }

  // MARK: Options

  private static func options(
    _ limits: HTTPLimits, _ exchanges: Unmanaged<HTTPExchanges>
  ) -> (flags: UInt32, options: [MHD_OptionItem]) {
    let context = exchanges.toOpaque()
    var options = [
      option(.EXTERNAL_LOGGER, logCallback, context),
      option(.CONNECTION_LIMIT, limits.connectionsMax),
      option(.CONNECTION_MEMORY_LIMIT, limits.connectionBytesMax),
      option(.CONNECTION_TIMEOUT, limits.idleTimeoutSeconds),
      option(.NOTIFY_COMPLETED, completedCallback, context),
      option(.NOTIFY_CONNECTION, connectionCallback, context),
    ]
    var flags = MHD_USE_ITC.rawValue | MHD_USE_ERROR_LOG.rawValue
    switch limits.threads {
    case .shared(let count):
      flags |= MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
      if count > 1 { options.append(option(.THREAD_POOL_SIZE, count)) }
    case .onePerConnection:
      flags |= MHD_USE_POLL_INTERNAL_THREAD.rawValue | MHD_USE_THREAD_PER_CONNECTION.rawValue
    }
    return (flags, options)
  }

  private static func option(_ option: MHD_OPTION, _ value: Int) -> MHD_OptionItem {
    MHD_OptionItem(option: option, value: value, ptr_value: nil)
  }

  /// An option whose value is the address of a C function.
  private static func option<Function>(
    _ option: MHD_OPTION, _ function: Function, _ context: UnsafeMutableRawPointer
  ) -> MHD_OptionItem {
    MHD_OptionItem(
      option: option, value: unsafeBitCast(function, to: Int.self), ptr_value: context)
  }
}
