import CMHD
import Glibc

/// The bounds of a server; each has its one default here.
package struct HTTPLimits: Sendable {
  package var bodyBytesMax = 16 << 20
  /// Memory for the line and the headers of a request, a connection.
  package var connectionBytesMax = 32 << 10
  /// Connections of each address; more wait in the kernel.
  package var connectionsMax = 1024
  /// A connection without traffic for this long is closed.
  package var idleTimeoutSeconds = 75
  package var threads = HTTPThreads.shared(1)

  package init() {}
}

/// The threads that serve the connections of one address.
package enum HTTPThreads: Sendable {
  /// So many; a handler that waits holds up its thread's other connections.
  case shared(Int)
  /// One a connection, for handlers that wait for something.
  case onePerConnection
}

/// Serves HTTP/1.1 on TCP and Unix sockets with libmicrohttpd.
///
/// The handler runs on the server's threads, and has to be quick where they are shared: an answer
/// that needs time is sent later, from another thread. A server listens from its initialiser until
/// `stop`, which `deinit` calls with no patience.
package final class HTTPServer: Sendable {
  package typealias Handler = @Sendable (borrowing HTTPRequest, HTTPReply) -> Void

  /// One listening socket and libmicrohttpd's threads behind it.
  private final class Listener {
    let daemon: OpaquePointer
    /// Its descriptor belongs to the daemon; its file is removed when this object goes.
    let socket: ListeningSocket

    init(daemon: OpaquePointer, socket: consuming ListeningSocket) {
      self.daemon = daemon
      self.socket = socket
    }
  }

  /// Where the server listens, with real ports in place of 0.
  package let addresses: [ListenAddress]
  private let exchanges: HTTPExchanges
  private let lock = Lock()
  nonisolated(unsafe) private var listeners: [Listener] = []

  /// Listens on `addresses` and serves.
  ///
  /// - Parameters:
  ///   - addresses: One or more; all or none are served.
  ///   - log: Takes what libmicrohttpd has to say about connections that fail, a line a call.
  ///   - handler: Answers requests, on any of the server's threads.
  /// - Throws: `SystemError` when an address is taken or not ours.
  package init(
    _ addresses: [ListenAddress], limits: HTTPLimits = HTTPLimits(),
    log: @escaping @Sendable (String) -> Void, handler: @escaping Handler
  ) throws(SystemError) {
    exchanges = HTTPExchanges(limits, log: log, handler: handler)
    var started: [Listener] = []
    do throws(SystemError) {
      for address in addresses {
        started.append(try Self.start(address, limits, exchanges))
      }
    } catch {
      for listener in started { MHD_stop_daemon(listener.daemon) }
      throw error
    }
    self.addresses = started.map { $0.socket.address }
    listeners = started
  }

  deinit { stop(waitingAtMost: .zero) }

  /// Accepts no more connections, answers the requests that have begun, and ends the threads.
  ///
  /// - Parameter limit: How long to wait for answers.
  /// - Returns: Requests that were cut off because the limit passed.
  @discardableResult
  package func stop(waitingAtMost limit: Duration) -> Int {
    let stopping = lock.withLock {
      defer { listeners = [] }
      return listeners
    }
    guard !stopping.isEmpty else { return 0 }
    exchanges.startDraining()
    // The descriptors come back, and are ours to close once no thread polls them.
    let descriptors = stopping.map { MHD_quiesce_daemon($0.daemon) }
    let cutOff = exchanges.inFlight.waitForZero(atMost: limit)
    // libmicrohttpd must not be stopped while it has suspended connections.
    exchanges.abandonSuspended()
    for listener in stopping { MHD_stop_daemon(listener.daemon) }
    for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
    return cutOff
  }

  private static func start(
    _ address: ListenAddress, _ limits: HTTPLimits, _ exchanges: HTTPExchanges
  ) throws(SystemError) -> Listener {
    var socket = try ListeningSocket.listen(on: address)
    let context = Unmanaged.passUnretained(exchanges).toOpaque()
    let descriptor = socket.releaseDescriptor()
    var options = [
      option(MHD_OPTION.EXTERNAL_LOGGER, HTTPExchanges.logCallback, context),
      option(MHD_OPTION.LISTEN_SOCKET, Int(descriptor)),
      option(MHD_OPTION.CONNECTION_LIMIT, limits.connectionsMax),
      option(MHD_OPTION.CONNECTION_MEMORY_LIMIT, limits.connectionBytesMax),
      option(MHD_OPTION.CONNECTION_TIMEOUT, limits.idleTimeoutSeconds),
      option(MHD_OPTION.NOTIFY_COMPLETED, HTTPExchanges.completedCallback, context),
    ]
    var flags = MHD_USE_ITC.rawValue | MHD_USE_ERROR_LOG.rawValue
    switch limits.threads {
    case .shared(let count):
      flags |= MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue
      if count > 1 { options.append(option(MHD_OPTION.THREAD_POOL_SIZE, count)) }
    case .onePerConnection:
      flags |= MHD_USE_POLL_INTERNAL_THREAD.rawValue | MHD_USE_THREAD_PER_CONNECTION.rawValue
    }
    options.append(option(MHD_OPTION.END, 0))
    let daemon = options.withUnsafeMutableBufferPointer { options in
      withVaList([
        MHD_OPTION.ARRAY.rawValue, Int(bitPattern: options.baseAddress), MHD_OPTION.END.rawValue,
      ]) {
        MHD_start_daemon_va(
          flags, 0, nil, nil, HTTPExchanges.accessCallback, context, $0)
      }
    }
    guard let daemon else {
      close(descriptor)
      throw SystemError("serve \(address)", reason: "libmicrohttpd did not start")
    }
    return Listener(daemon: daemon, socket: socket)
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
