import Service
import Testing

@Suite("Locks and threads")
struct ConcurrencyTests {
  private final class Counter: @unchecked Sendable {
    let lock = Lock()
    let readWriteLock = ReadWriteLock()
    var value = 0
    var shared = (0, 0)
  }

  @Test("A lock lets one thread in at a time")
  func lock() {
    let counter = Counter()
    let threads = (0..<4).map { index in
      WorkerThread(name: "adder \(index)") {
        for _ in 0..<5_000 { counter.lock.withLock { counter.value += 1 } }
      }
    }
    for thread in threads { thread.join() }
    #expect(counter.value == 20_000)
  }

  @Test("Readers of a read-write lock never see half of a write")
  func readWriteLock() {
    let counter = Counter()
    let writer = WorkerThread(name: "writer") {
      for value in 1...5_000 {
        counter.readWriteLock.withWriteLock {
          counter.shared.0 = value
          counter.shared.1 = value
        }
      }
    }
    for _ in 0..<5_000 {
      let (first, second) = counter.readWriteLock.withReadLock { counter.shared }
      #expect(first == second)
    }
    writer.join()
    #expect(counter.shared == (5_000, 5_000))
  }

  @Test("A wait ends at its deadline, and joining twice is harmless")
  func deadline() {
    let condition = ConditionLock()
    let hasTime = condition.withLock {
      condition.wait(untilNanoseconds: MonotonicClock.nowNanoseconds())
    }
    #expect(!hasTime)
    let thread = WorkerThread(name: "brief") {}
    thread.join()
    thread.join()
  }

  private final class Chores: @unchecked Sendable {
    let thread = DutyThread(name: "chores")
    private var waiting: [Int] = []
    private var due: UInt64?
    private var done: [Int] = []

    func start() {
      thread.start { [self] in
        while let chore = thread.next(look) { thread.withLock { _ in done.append(chore) } }
      }
    }

    private func look() -> DutyThread.Duty<Int> {
      if !waiting.isEmpty { return .now(waiting.removeFirst()) }
      guard let due else { return .none }
      guard MonotonicClock.nowNanoseconds() >= due else { return .later(nanoseconds: due) }
      self.due = nil
      return .now(-1)
    }

    /// Whether it was taken.
    func leave(_ chores: [Int], due: UInt64? = nil) -> Bool {
      thread.withLock { isEnding in
        guard !isEnding else { return false }
        waiting += chores
        self.due = due
        return true
      }
    }

    var finished: [Int] { thread.withLock { _ in done } }
  }

  @Test("A duty thread does what it is left in order, also what is left when it ends")
  func dutyThread() {
    let chores = Chores()
    #expect(chores.leave([1, 2]))
    chores.start()
    #expect(chores.leave(Array(3...100)))
    chores.thread.stop()
    #expect(chores.finished == Array(1...100))
    #expect(!chores.leave([101]))
    chores.thread.stop()
  }

  @Test("A duty thread does what is due by the clock, without being told")
  func dutyThreadInTime() throws {
    let chores = Chores()
    chores.start()
    #expect(chores.leave([], due: MonotonicClock.nowNanoseconds() + 5_000_000))
    try Deadline.wait { chores.finished == [-1] }
    // What is not due when it ends is not waited for.
    #expect(chores.leave([], due: MonotonicClock.nowNanoseconds() + 3_600_000_000_000))
    chores.thread.stop()
    #expect(chores.finished == [-1])
  }
}
