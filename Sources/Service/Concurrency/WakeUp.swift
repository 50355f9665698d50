internal import CLinux
internal import Glibc

/// A file descriptor that another thread makes readable, to wake one that polls.
package final class WakeUp: Sendable {
  package let descriptor: Int32

  package init() {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    precondition(descriptor >= 0, "eventfd: \(errno)")
  }

  deinit { close(descriptor) }

  package func signal() {
    var one: UInt64 = 1
    // It can only fail when the counter is full, and then the descriptor is readable already.
    _ = write(descriptor, &one, 8)
  }

  /// Makes the descriptor unreadable until the next signal.
  package func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, 8)
  }
}
