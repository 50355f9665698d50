import CLinux
import Glibc

/// The kernel's list of descriptors to wait for, each with a number to tell it by.
struct Epoll: ~Copyable {
  private let descriptor: Int32
  private var events = [epoll_event](repeating: epoll_event(), count: 128)

  init() {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(descriptor >= 0, "epoll_create1: \(errno)")
  }

  deinit { close(descriptor) }

  /// Waits until a descriptor can be read, which it always waits for.
  func add(_ descriptor: Int32, id: UInt64) {
    control(EPOLL_CTL_ADD, descriptor, EPOLLIN.rawValue, id)
  }

  /// Also waits until a descriptor can be written, or no longer does.
  func watch(_ descriptor: Int32, id: UInt64, writable: Bool) {
    let events = EPOLLIN.rawValue | (writable ? EPOLLOUT.rawValue : 0)
    control(EPOLL_CTL_MOD, descriptor, events, id)
  }

  func remove(_ descriptor: Int32) { control(EPOLL_CTL_DEL, descriptor, 0, 0) }

  /// Waits for events.
  ///
  /// - Parameter milliseconds: No longer than this; -1 for ever.
  /// - Returns: How many there are; `id` tells them.
  mutating func wait(milliseconds: Int32) -> Int {
    let count = epoll_wait(descriptor, &events, Int32(events.count), milliseconds)
    precondition(count >= 0 || errno == EINTR, "epoll_wait: \(errno)")
    return max(0, Int(count))
  }

  /// The number of the descriptor of an event of the last wait.
  func id(_ event: Int) -> UInt64 { events[event].data.u64 }

  private func control(
    _ operation: Int32, _ descriptor: Int32, _ events: UInt32, _ id: UInt64
  ) {
    var event = epoll_event()
    event.events = events
    event.data.u64 = id
    let status = epoll_ctl(self.descriptor, operation, descriptor, &event)
    precondition(status == 0, "epoll_ctl(\(operation)): \(errno)")
  }
}
