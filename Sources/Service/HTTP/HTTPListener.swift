/// One listening socket, the daemon behind it, and those that were behind it before.
final class HTTPListener {
  private static let retiringMax = 4

  let socket: ListeningSocket
  private var daemon: HTTPDaemon
  /// Oldest first.
  private var retiring: [RetiringDaemon] = []

  init(_ socket: consuming ListeningSocket, _ daemon: HTTPDaemon) {
    self.socket = socket
    self.daemon = daemon
  }

  /// Whether its address is served with TLS where there are credentials; Unix sockets are not.
  static func isForTLS(_ address: ListenAddress) -> Bool {
    if case .tcp = address { true } else { false }
  }

  /// Lets `successor`, which listens already, take the place of the daemon.
  func replaceDaemon(by successor: HTTPDaemon, retiringAtMost limit: Duration) {
    retiring.removeAll { $0.daemon.isStopped }
    if retiring.count == Self.retiringMax {
      _ = retiring.removeFirst().stop(waitingAtMost: .zero)
    }
    retiring.append(RetiringDaemon(daemon, atMost: limit))
    daemon = successor
  }

  func quiesce() { daemon.quiesce() }

  /// Ends all daemons; returns the requests that were cut off because the deadline passed.
  func stop(until deadline: ContinuousClock.Instant) -> Int {
    let limit = { max(.zero, deadline - .now) }
    let cutOff = daemon.stop(waitingAtMost: limit())
    return retiring.reduce(cutOff) { $0 + $1.stop(waitingAtMost: limit()) }
  }
}
