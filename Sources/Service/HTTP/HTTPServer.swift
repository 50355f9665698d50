/// Serves HTTP/1.1 on TCP and Unix sockets with libmicrohttpd.
///
/// The handler runs on the server's threads, and has to be quick where they are shared: an answer
/// that needs time is sent later, from another thread. A server listens from its initialiser until
/// `stop`, which `deinit` calls with no patience.
package final class HTTPServer: Sendable {
  package typealias Handler = @Sendable (borrowing HTTPRequest, HTTPReply) -> Void
  package typealias Authorize = @Sendable (borrowing HTTPRequest) -> Bool

  /// One listening socket and the threads behind it.
  private final class Listener {
    let socket: ListeningSocket
    let daemon: HTTPDaemon

    init(_ socket: consuming ListeningSocket, _ exchanges: HTTPExchanges) throws(SystemError) {
      daemon = try HTTPDaemon(socket, exchanges)
      self.socket = socket
    }
  }

  /// Where the server listens, with real ports in place of 0.
  package let addresses: [ListenAddress]
  package let metrics = HTTPServerMetrics()
  private let lock = Lock()
  nonisolated(unsafe) private var listeners: [Listener] = []

  /// Listens on `addresses` and serves.
  ///
  /// - Parameters:
  ///   - addresses: One or more; all or none are served.
  ///   - authorize: Asked about every request before its body is read, from its line and headers;
  ///     false answers 401. Nil lets everyone in.
  ///   - log: Takes what libmicrohttpd has to say about connections that fail, a line a call.
  ///   - handler: Answers requests, on any of the server's threads.
  /// - Throws: `SystemError` when an address is taken or not ours.
  package init(
    _ addresses: [ListenAddress], limits: HTTPLimits = HTTPLimits(),
    authorize: Authorize? = nil, log: @escaping @Sendable (String) -> Void,
    handler: @escaping Handler
  ) throws(SystemError) {
    var started: [Listener] = []
    do throws(SystemError) {
      for address in addresses {
        let exchanges = HTTPExchanges(
          limits, metrics: metrics, authorize: authorize, log: log, handler: handler)
        started.append(try Listener(try ListeningSocket.listen(on: address), exchanges))
      }
    } catch {
      for listener in started { _ = listener.daemon.stop(waitingAtMost: .zero) }
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
    for listener in stopping { listener.daemon.quiesce() }
    let deadline = ContinuousClock.now + limit
    let cutOff = stopping.reduce(0) { sum, listener in
      sum + listener.daemon.stop(waitingAtMost: max(.zero, deadline - .now))
    }
    metrics.refusals[.stopped].add(cutOff)
    return cutOff
  }
}
