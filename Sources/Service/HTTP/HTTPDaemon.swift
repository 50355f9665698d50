import CMHD
import Glibc

/// libmicrohttpd's threads behind one listening socket.
///
/// It serves from its initialiser until `stop`, which has to be called.
final class HTTPDaemon: @unchecked Sendable {
  let exchanges: HTTPExchanges
  private let daemon: OpaquePointer
  private let lock = Lock()
  /// What libmicrohttpd gave back when it stopped accepting, or nil while it accepts.
  private var returned: Int32?
  private var isStopped = false

  /// Accepts and serves connections.
  ///
  /// - Parameter socket: It stays its owner's; the daemon uses a descriptor of its own.
  init(
    _ socket: borrowing ListeningSocket, _ exchanges: HTTPExchanges
  ) throws(SystemError) {
    let descriptor = try socket.duplicate()
    var (flags, options) = Self.options(exchanges.limits, Unmanaged.passUnretained(exchanges))
    options.append(Self.option(.LISTEN_SOCKET, Int(descriptor)))
    options.append(Self.option(.END, 0))
    let daemon = options.withUnsafeMutableBufferPointer { options in
      withVaList([
        MHD_OPTION.ARRAY.rawValue, Int(bitPattern: options.baseAddress), MHD_OPTION.END.rawValue,
      ]) {
        MHD_start_daemon_va(
          flags, 0, nil, nil, Self.accessCallback,
          Unmanaged.passUnretained(exchanges).toOpaque(), $0)
      }
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

  /// Answers the requests that have begun, closes all connections and ends the threads.
  ///
  /// - Returns: Requests that were cut off because the limit passed.
  func stop(waitingAtMost limit: Duration) -> Int {
    quiesce()
    let cutOff = exchanges.inFlight.waitForZero(atMost: limit)
    // libmicrohttpd must not be stopped while it has suspended connections.
    exchanges.abandonSuspended()
    lock.withLock {
      guard !isStopped else { return }
      isStopped = true
      MHD_stop_daemon(daemon)
      // The descriptor is ours to close once no thread polls it.
      if let returned, returned >= 0 { close(returned) }
    }
    return cutOff
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
