/// Serves gRPC over HTTP/2 on TCP and Unix sockets with nghttp2.
///
/// Each connection belongs to one of a few threads, which runs its handlers. A server listens from
/// its initialiser until `stop`, which `deinit` calls with no patience.
package final class GRPCServer: @unchecked Sendable {
  /// A listening socket; its descriptor is the acceptor's, its file goes with this object.
  private final class Listener {
    let socket: ListeningSocket

    init(_ socket: consuming ListeningSocket) { self.socket = socket }
  }

  /// Where the server listens, with real ports in place of 0.
  package let addresses: [ListenAddress]
  package let metrics: GRPCServerMetrics
  private let tls: TLSContextBox?
  private let tlsPolicy: TLSPolicy
  private let lock = Lock()
  private var loops: [GRPCLoop]
  private var listeners: [Listener]

  /// Listens on `addresses` and serves.
  ///
  /// - Parameters:
  ///   - addresses: One or more; all or none are served.
  ///   - credentials: TLS for all addresses; nil serves plaintext.
  ///   - tlsPolicy: What TLS has to be at least; of no meaning without credentials.
  ///   - authorize: Judges the value of `authorization`, on any of the server's threads; nil lets
  ///     everybody call.
  /// - Throws: `SystemError` when an address is taken or not ours, or the credentials are of no use.
  package init(
    _ addresses: [ListenAddress], router: GRPCRouter, limits: GRPCLimits = GRPCLimits(),
    credentials: TLSCredentials? = nil, tlsPolicy: TLSPolicy = TLSPolicy(),
    metrics: GRPCServerMetrics = GRPCServerMetrics(),
    authorize: (@Sendable (_ authorization: String?) -> Bool)? = nil
  ) throws(SystemError) {
    precondition(limits.threads > 0, "a server needs a thread")
    self.metrics = metrics
    self.tlsPolicy = tlsPolicy
    tls =
      if let credentials {
        TLSContextBox(try TLSContext(credentials, policy: tlsPolicy))
      } else {
        nil
      }
    let context = GRPCServerContext(
      router: router, limits: limits, authorize: authorize, metrics: metrics, tls: tls)
    var opened: [(descriptor: Int32, isUnix: Bool)] = []
    var listeners: [Listener] = []
    var bound: [ListenAddress] = []
    do throws(SystemError) {
      for address in addresses {
        let socket = try ListeningSocket.listen(on: address)
        bound.append(socket.address)
        opened.append((try socket.duplicate(), address.isUnix))
        listeners.append(Listener(socket))
      }
    } catch {
      // The acceptor closes what it is given.
      _ = GRPCAcceptor(opened, metrics: metrics, connectionsMax: 0)
      throw error
    }
    self.addresses = bound
    self.listeners = listeners
    let acceptor = GRPCAcceptor(
      opened, metrics: metrics, connectionsMax: limits.connectionsMax)
    loops = (0..<limits.threads).map { GRPCLoop(context, acceptor: $0 == 0 ? acceptor : nil) }
    acceptor.deal(to: loops)
    for (index, loop) in loops.enumerated() { loop.start(name: "grpc \(index)") }
  }

  deinit { stop(waitingAtMost: .zero) }

  /// Has new connections use other credentials; those that are open keep theirs.
  ///
  /// - Throws: `SystemError` when they are of no use; the old ones then stay.
  package func reload(_ credentials: TLSCredentials) throws(SystemError) {
    guard let tls else { preconditionFailure("the server was started without TLS") }
    tls.replace(with: try TLSContext(credentials, policy: tlsPolicy))
  }

  /// Accepts nothing more, tells clients so, finishes the calls that have begun, ends the threads.
  ///
  /// Must not be called by a handler.
  ///
  /// - Parameter limit: How long calls may take to finish.
  /// - Returns: Calls that were cut off because the limit passed.
  @discardableResult
  package func stop(waitingAtMost limit: Duration) -> Int {
    let stopping = lock.withLock {
      defer { loops = [] }
      return loops
    }
    let cutOff = MonotonicClock.nowNanoseconds(after: limit)
    for loop in stopping { loop.post(.stop(cutOffNanoseconds: cutOff)) }
    for loop in stopping { loop.join() }
    lock.withLock { listeners = [] }
    return stopping.reduce(0) { $0 + $1.callsCutOff }
  }
}

extension ListenAddress {
  fileprivate var isUnix: Bool { if case .unix = self { true } else { false } }
}
