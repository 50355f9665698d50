/// A daemon whose place another one has taken, until its last connection has closed.
final class RetiringDaemon: Sendable {
  let daemon: HTTPDaemon
  private let thread: WorkerThread

  /// Accepts no more, lets connections close after their next answer, and cuts off those that are
  /// left after `limit`.
  init(_ daemon: HTTPDaemon, atMost limit: Duration) {
    self.daemon = daemon
    daemon.quiesce()
    thread = WorkerThread(name: "http-retiring") {
      // Nobody knows the number left when the waiting was cut short: then others stop the daemon.
      guard daemon.exchanges.connections.waitForZero(atMost: limit) != nil else { return }
      daemon.stop(waitingAtMost: .zero)
    }
  }

  /// Stops the daemon as soon as the requests that have begun are answered.
  ///
  /// - Returns: Requests that were cut off because the limit passed.
  func stop(waitingAtMost limit: Duration) -> Int {
    daemon.exchanges.connections.giveUp()
    thread.join()
    return daemon.stop(waitingAtMost: limit)
  }
}
