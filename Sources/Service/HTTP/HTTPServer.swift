/// Serves HTTP/1.1 on TCP and Unix sockets with libmicrohttpd.
///
/// The handler runs on the server's threads, and has to be quick where they are shared: an answer
/// that needs time is sent later, from another thread. A server listens from its initialiser until
/// `stop`, which `deinit` calls with no patience.
package final class HTTPServer: Sendable {
  package typealias Handler = @Sendable (borrowing HTTPRequest, HTTPReply) -> Void
  package typealias Authorize = @Sendable (borrowing HTTPRequest) -> Bool

  /// Where the server listens, with real ports in place of 0.
  package let addresses: [ListenAddress]
  package let metrics: HTTPServerMetrics
  private let limits: HTTPLimits
  private let makeExchanges: @Sendable () -> HTTPExchanges
  /// Guards the listeners, of which there are none once the server is stopped.
  private let lock = Lock()
  nonisolated(unsafe) private var listeners: [HTTPListener] = []

  /// Listens on `addresses` and serves.
  ///
  /// - Parameters:
  ///   - addresses: One or more; all or none are served.
  ///   - credentials: For TLS 1.2 and 1.3 on all TCP addresses; nil is plain HTTP. Unix sockets
  ///     are always plain.
  ///   - authorize: Asked about every request before its body is read, from its line and headers;
  ///     false answers 401. Nil lets everyone in.
  ///   - log: Takes what libmicrohttpd has to say about connections that fail, a line a call.
  ///   - handler: Answers requests, on any of the server's threads.
  /// - Throws: `SystemError` when an address is taken or not ours, or the credentials are not good.
  package init(
    _ addresses: [ListenAddress], limits: HTTPLimits = HTTPLimits(),
    credentials: TLSCredentials? = nil, authorize: Authorize? = nil,
    metrics: HTTPServerMetrics = HTTPServerMetrics(), log: @escaping @Sendable (String) -> Void,
    handler: @escaping Handler
  ) throws(SystemError) {
    self.limits = limits
    self.metrics = metrics
    makeExchanges = { [metrics] in
      HTTPExchanges(limits, metrics: metrics, authorize: authorize, log: log, handler: handler)
    }
    var started: [HTTPListener] = []
    do throws(SystemError) {
      for address in addresses {
        let socket = try ListeningSocket.listen(on: address)
        let daemon = try HTTPDaemon(
          socket, credentials: HTTPListener.isForTLS(address) ? credentials : nil, makeExchanges())
        started.append(HTTPListener(socket, daemon))
      }
    } catch {
      for listener in started { _ = listener.stop(until: .now) }
      throw error
    }
    self.addresses = started.map { $0.socket.address }
    listeners = started
  }

  deinit { stop(waitingAtMost: .zero) }

  /// Serves new connections with other credentials.
  ///
  /// Connections that are open keep theirs; each closes after its next answer, or when it has been
  /// idle for long.
  ///
  /// - Parameter credentials: In place of those that the server was started with.
  /// - Throws: `SystemError` when they are not good; then nothing changes.
  package func reload(_ credentials: TLSCredentials) throws(SystemError) {
    let result: Result<Void, SystemError> = lock.withLock {
      let affected = listeners.filter { HTTPListener.isForTLS($0.socket.address) }
      var successors: [HTTPDaemon] = []
      do throws(SystemError) {
        for listener in affected {
          successors.append(
            try HTTPDaemon(listener.socket, credentials: credentials, makeExchanges()))
        }
      } catch {
        for successor in successors { successor.stop(waitingAtMost: .zero) }
        return .failure(error)
      }
      for (listener, successor) in zip(affected, successors) {
        listener.replaceDaemon(by: successor, retiringAtMost: limits.retireTimeout)
      }
      return .success(())
    }
    try result.get()
  }

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
    for listener in stopping { listener.quiesce() }
    let deadline = ContinuousClock.now + limit
    return stopping.reduce(0) { $0 + $1.stop(until: deadline) }
  }
}
