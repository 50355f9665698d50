/// The thread that answers people's questions about the whole index, one after the other.
///
/// They take milliseconds where a score takes microseconds, so they do not run on the threads that
/// answer scores.
final class InspectionThread: @unchecked Sendable {
  typealias Question = @Sendable () -> Void

  /// Questions that wait at a time.
  static let waitingMax = 32

  private let lock = ConditionLock()
  private var waiting: [Question] = []
  private var isStopping = false
  private var thread: WorkerThread?

  func start() {
    lock.withLock { thread = WorkerThread(name: "inspection") { self.run() } }
  }

  /// Answers what waits and ends the thread.
  func stop() {
    let thread = lock.withLock {
      isStopping = true
      lock.broadcast()
      return self.thread
    }
    thread?.join()
  }

  /// Has a question answered; false when too many wait.
  func ask(_ question: @escaping Question) -> Bool {
    lock.withLock {
      guard waiting.count < Self.waitingMax, !isStopping else { return false }
      waiting.append(question)
      lock.broadcast()
      return true
    }
  }

  private func run() {
    while let question = next() { question() }
  }

  private func next() -> Question? {
    lock.withLock {
      while waiting.isEmpty, !isStopping { lock.wait() }
      return waiting.isEmpty ? nil : waiting.removeFirst()
    }
  }
}
