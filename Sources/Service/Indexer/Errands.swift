/// Work that others have done on the thread that applies events, between two messages.
///
/// There nothing changes the index but what the work itself does. Where the thread does not run,
/// whoever asks does it.
final class Errands: @unchecked Sendable {
  private let lock = ConditionLock()
  private var waiting: [@Sendable () -> Void] = []
  private var wake: (@Sendable () -> Void)?

  /// From now on the thread comes by; `wake` has it do so soon.
  func open(wake: @escaping @Sendable () -> Void) {
    lock.withLock { self.wake = wake }
  }

  /// Does what waits; the thread does not come by again.
  func close() {
    lock.withLock { wake = nil }
    run()
  }

  /// Does what waits, on the thread.
  func run() {
    let due = lock.withLock {
      defer { waiting = [] }
      return waiting
    }
    for errand in due { errand() }
  }

  /// Has `body` done, and waits for it.
  func perform<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R {
    let outcome = Outcome<R>()
    let isPosted = lock.withLock {
      guard let wake else { return false }
      waiting.append { outcome.set(body()) }
      wake()
      return true
    }
    return isPosted ? outcome.wait() : body()
  }

  private final class Outcome<R: Sendable>: @unchecked Sendable {
    private let lock = ConditionLock()
    private var value: R?

    func set(_ value: R) {
      lock.withLock {
        self.value = value
        lock.broadcast()
      }
    }

    func wait() -> R {
      lock.withLock {
        while true {
          if let value { return value }
          lock.wait()
        }
      }
    }
  }
}
