internal import CLinux
internal import Glibc

/// A thread with a name, for work that blocks or owns sockets.
package final class WorkerThread: @unchecked Sendable {
  private final class Start {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }

  private let thread: pthread_t
  private let lock = Lock()
  private var isJoined = false

  /// Starts a thread.
  ///
  /// - Parameters:
  ///   - name: Shown by `top -H` and debuggers, which keep 15 bytes of it.
  ///   - body: The thread ends when it returns.
  package init(name: String, _ body: @escaping @Sendable () -> Void) {
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        pthread_setname_np(pthread_self(), String(start.name.prefix(15)))
        start.body()
        return nil
      }, start.toOpaque())
    precondition(status == 0, "pthread_create: \(status)")
    self.thread = thread
  }

  deinit {
    if !isJoined { pthread_detach(thread) }
  }

  /// Lets the thread end when it likes; nobody can wait for it any more.
  package func detach() {
    lock.withLock {
      guard !isJoined else { return }
      pthread_detach(thread)
      isJoined = true
    }
  }

  /// Waits until the thread has ended; any further call returns at once.
  package func join() {
    lock.withLock {
      guard !isJoined else { return }
      pthread_join(thread, nil)
      isJoined = true
    }
  }
}
