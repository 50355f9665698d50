import Service
import Simulation

/// The runs of a study, several at a time.
///
/// Each run depends on nothing but the study, so the results are the same for any number of
/// threads.
final class SimulateRuns: @unchecked Sendable {
  private let study: Study
  private let lock = Lock()
  private let finished: @Sendable (_ done: Int) -> Void
  // Under the lock:
  private var next = 0
  private var done = 0
  private var results: [RunFigures?]

  private init(_ study: Study, _ finished: @escaping @Sendable (Int) -> Void) {
    self.study = study
    self.finished = finished
    results = Array(repeating: nil, count: study.runs.count)
  }

  /// Makes all runs.
  ///
  /// - Parameter finished: Told how many are done, one call at a time.
  static func all(
    of study: Study, threads: Int, finished: @escaping @Sendable (_ done: Int) -> Void
  ) -> [RunFigures] {
    let runs = SimulateRuns(study, finished)
    let workers = (0..<min(threads, study.runs.count)).map { index in
      WorkerThread(name: "simulate-\(index)") { runs.work() }
    }
    for worker in workers { worker.join() }
    return runs.lock.withLock { runs.results.compactMap { $0 } }
  }

  private func work() {
    while let index = take() {
      let summary = study.summary(of: study.runs[index])
      lock.withLock {
        results[index] = summary
        done += 1
        finished(done)
      }
    }
  }

  private func take() -> Int? {
    lock.withLock {
      guard next < results.count else { return nil }
      defer { next += 1 }
      return next
    }
  }
}
