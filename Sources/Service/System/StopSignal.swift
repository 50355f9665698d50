import CLinux
import Glibc

/// SIGINT and SIGTERM as something to wait for.
///
/// The signals are blocked in every thread, so make one before any other thread starts.
package struct StopSignal: Sendable {
  private let descriptor: Int32

  /// Blocks the signals and begins to collect them.
  package init() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    let masked = pthread_sigmask(SIG_BLOCK, &signals, nil)
    descriptor = signalfd(-1, &signals, Int32(SFD_CLOEXEC))
    precondition(masked == 0 && descriptor >= 0, "signalfd: errno \(errno)")
  }

  /// Waits for a signal.
  ///
  /// - Parameter limit: How long at most; nil for as long as it takes.
  /// - Returns: Whether a signal came.
  @discardableResult
  package func wait(atMost limit: Duration? = nil) -> Bool {
    let milliseconds =
      limit.map {
        Int32(
          clamping: $0.components.seconds * 1000
            + $0.components.attoseconds / 1_000_000_000_000_000)
      } ?? -1
    var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let ready = poll(&item, 1, milliseconds)
      if ready < 0, errno == EINTR { continue }
      return ready > 0
    }
  }

  /// Waits for a signal or for `wakeUp`, whichever comes first.
  ///
  /// - Returns: Whether a signal came.
  package func wait(or wakeUp: WakeUp) -> Bool {
    var items = [descriptor, wakeUp.descriptor].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    while true {
      if poll(&items, 2, -1) < 0, errno == EINTR { continue }
      return items[0].revents != 0
    }
  }
}
