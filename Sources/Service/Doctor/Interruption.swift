import CLinux
import Glibc

/// Waits of several threads that one stop ends.
final class Interruption: Sendable {
  private let stopped = WakeUp()

  func stop() { stopped.signal() }

  /// Readable from the stop on.
  var descriptor: Int32 { stopped.descriptor }

  var isStopped: Bool { poll([descriptor], milliseconds: 0)[0] }

  /// Waits until `wakeUp` is signalled.
  ///
  /// - Parameter deadline: Nanoseconds of `MonotonicClock`.
  /// - Returns: False when there is no time left, or everything stops.
  func wait(for wakeUp: WakeUp, until deadline: UInt64) -> Bool {
    while true {
      let now = MonotonicClock.nowNanoseconds()
      let rest = deadline > now ? (deadline - now) / 1_000_000 + 1 : 0
      let ready = poll([descriptor, wakeUp.descriptor], milliseconds: Int32(clamping: rest))
      if ready[0] { return false }
      if ready[1] { return true }
      if rest == 0 { return false }
    }
  }

  private func poll(_ descriptors: [Int32], milliseconds: Int32) -> [Bool] {
    var items = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    // An interrupted wait is one that brought nothing: whoever waits looks at the time again.
    _ = Glibc.poll(&items, nfds_t(items.count), milliseconds)
    return items.map { $0.revents != 0 }
  }
}
