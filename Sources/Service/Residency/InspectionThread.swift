/// The thread that answers people's questions about the whole index, one after the other.
///
/// They take milliseconds where a score takes microseconds, so they do not run on the threads that
/// answer scores.
final class InspectionThread: @unchecked Sendable {
  typealias Question = @Sendable () -> Void

  /// Questions that wait at a time.
  static let waitingMax = 32

  private let thread = DutyThread(name: "inspection")
  /// Guarded by the thread.
  private var waiting: [Question] = []

  func start() {
    thread.start { self.run() }
  }

  /// Answers what waits and ends the thread.
  func stop() { thread.stop() }

  /// Has a question answered; false when too many wait.
  func ask(_ question: @escaping Question) -> Bool {
    thread.withLock { isEnding in
      guard waiting.count < Self.waitingMax, !isEnding else { return false }
      waiting.append(question)
      return true
    }
  }

  private func run() {
    while let question = thread.next({ waiting.isEmpty ? .none : .now(waiting.removeFirst()) }) {
      question()
    }
  }
}
